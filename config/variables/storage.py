"""Data, database and cache."""

from __future__ import annotations

from typing import Any, Final

from config import environment as env
from config.environment import Variable

DATA_DIR: Final = Variable(
    "SIGNALMAN_DATA_DIR",
    env.required_text,
    "var",
    "Folder of the SQLite database, the file queue and collected static files.\n"
    "A relative path is relative to the project.",
)
DATABASE_URL: Final = Variable[dict[str, Any] | None](
    "SIGNALMAN_DATABASE_URL",
    env.database,
    None,
    "Default: SQLite in SIGNALMAN_DATA_DIR.",
    "postgres://user:password@host:5432/signalman",
)
DATABASE_CONN_MAX_AGE: Final = Variable(
    "SIGNALMAN_DATABASE_CONN_MAX_AGE",
    env.whole_number(),
    60,
    "How long a PostgreSQL connection is kept open. Seconds.",
)
DATABASE_CONNECT_SECONDS: Final = Variable(
    "SIGNALMAN_DATABASE_CONNECT_SECONDS",
    env.whole_number(1),
    3,
    "How long connecting to PostgreSQL may take, and a statement; 0 for no limit of statements.\n"
    "Seconds.",
)
DATABASE_STATEMENT_SECONDS: Final = Variable(
    "SIGNALMAN_DATABASE_STATEMENT_SECONDS", env.whole_number(), 30, ""
)
CACHE_URL: Final = Variable(
    "SIGNALMAN_CACHE_URL",
    env.cache,
    env.cache("locmemcache://"),
    "locmemcache://, or redis://host:6379/0 as soon as there is more than one web process.",
    "locmemcache://",
)
