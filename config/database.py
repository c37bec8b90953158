"""Django's database settings, and the private files of SQLite."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.environment_variables import storage
from config.environment_variables.variable import Environment


def make_private_folder(path: Path, *, is_required: bool) -> None:
    """Create a folder that only this account can read. Raises ImproperlyConfigured."""
    try:
        for folder in [*reversed(path.parents), path]:
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        if is_required:
            raise ImproperlyConfigured(
                f"SIGNALMAN_DATA_DIR: {path} cannot be created ({error.strerror}). Name a folder "
                "that Signalman can write to, or use PostgreSQL and a broker instead of files."
            ) from error


def database_settings(env: Environment, data_folder: Path) -> dict[str, Any]:
    """Return the settings of the database; by default a SQLite file in the data folder."""
    configured: dict[str, Any] | None = env[storage.DATABASE_URL]
    if configured is None:
        make_private_folder(data_folder, is_required=True)
        configured = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(data_folder / "signalman.sqlite3"),
        }
    if configured["ENGINE"].endswith("sqlite3"):
        return _sqlite(configured)
    return _postgresql(configured, env)


def _sqlite(configured: dict[str, Any]) -> dict[str, Any]:
    if not configured["NAME"].startswith((":", "file:")):
        # SQLite itself would create a file that every account can read.
        with suppress(OSError):
            os.close(os.open(configured["NAME"], os.O_CREAT | os.O_RDWR, 0o600))
    # Without both WAL and IMMEDIATE, four concurrent writers meet "database is locked".
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    return configured | {"OPTIONS": options}


def _postgresql(configured: dict[str, Any], env: Environment) -> dict[str, Any]:
    # A lost server is noticed within some ten seconds, and every statement has a time limit: the
    # server's, and somewhat later that of config.postgresql, for a server that is suspended.
    connect, statement = (
        env[storage.DATABASE_CONNECT_SECONDS],
        env[storage.DATABASE_STATEMENT_SECONDS],
    )
    options = {
        "connect_timeout": connect,
        "response_seconds": statement + connect if statement else None,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "options": f"-c statement_timeout={statement * 1000}",
    }
    return configured | {
        "ENGINE": "config.postgresql",
        "CONN_MAX_AGE": env[storage.DATABASE_CONN_MAX_AGE],
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options | configured.get("OPTIONS", {}),
    }
