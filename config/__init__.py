"""The project: settings, URLs, the Celery application and the server's entry point."""

from __future__ import annotations

from config import system_checks  # noqa: F401  registered by being imported
from config.celery import app as celery_app

__all__ = ["celery_app"]
