"""The Celery application: `celery -A config worker --beat` runs Signalman's background work."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init, setup_logging

from config.parent_process import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("signalman")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _leave_logging_alone(**_: Any) -> None:
    """Let the worker log as Django's settings say: without a receiver Celery goes its own way."""


@beat_embedded_init.connect
def _end_with_worker(**_: Any) -> None:
    """End the process of `--beat` with its worker."""
    end_with_parent(os.getppid())
