"""Data, database and cache."""

from __future__ import annotations

from typing import Any, Final

from config.environment_variables import parsers
from config.environment_variables.variable import Variable

DATA_DIR: Final = Variable(
    "SIGNALMAN_DATA_DIR",
    parsers.required_text,
    "var",
    "Folder of the SQLite database, the file queue and the collected static files. A relative\n"
    "path is relative to the project.",
)
DATABASE_URL: Final = Variable[dict[str, Any] | None](
    "SIGNALMAN_DATABASE_URL",
    parsers.database,
    None,
    "URL of the database. By default a SQLite file in SIGNALMAN_DATA_DIR.",
    "postgres://user:password@host:5432/signalman",
)
DATABASE_CONN_MAX_AGE: Final = Variable(
    "SIGNALMAN_DATABASE_CONN_MAX_AGE",
    parsers.whole_number(),
    60,
    "Seconds for which a PostgreSQL connection is kept open.",
)
DATABASE_CONNECT_SECONDS: Final = Variable(
    "SIGNALMAN_DATABASE_CONNECT_SECONDS",
    parsers.whole_number(1),
    3,
    "Maximum time in seconds to connect to PostgreSQL.",
)
DATABASE_STATEMENT_SECONDS: Final = Variable(
    "SIGNALMAN_DATABASE_STATEMENT_SECONDS",
    parsers.whole_number(),
    30,
    "Maximum time in seconds of a statement in PostgreSQL. 0 means no limit.",
)
CACHE_URL: Final = Variable(
    "SIGNALMAN_CACHE_URL",
    parsers.cache,
    parsers.cache("locmemcache://"),
    "URL of the cache. Use redis://host:6379/0 if there is more than one web process.",
    "locmemcache://",
)
