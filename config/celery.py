"""The Celery application: `celery -A config worker --beat` runs Signalman's background work."""

from __future__ import annotations

import os
from typing import Any, Final

from celery import Celery
from celery.signals import beat_embedded_init, setup_logging, worker_init, worker_shutting_down

from config.broker.shutdown import shutdown
from config.garbage_collection import collect_less_often, keep_loaded_code
from config.parent_process import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# What workers send to one another and to monitors. Nothing here reads it, and each of these waits
# for the broker in the worker's only loop.
_WITHOUT: Final = ("without_gossip", "without_mingle", "without_heartbeat")

app = Celery("signalman")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _leave_logging_alone(**_: Any) -> None:
    """Let the worker log as Django's settings say: without a receiver Celery goes its own way."""


@worker_init.connect
def _prepare_worker(sender: Any, **_: Any) -> None:
    """Collect garbage less often in a worker and leave its code out; end it without its broker."""
    sender.options.update(dict.fromkeys(_WITHOUT, True))
    collect_less_often()
    keep_loaded_code()
    shutdown.prepare()


@worker_shutting_down.connect
def _end_without_broker(**_: Any) -> None:
    """Limit the end of a worker."""
    shutdown.begin()


@beat_embedded_init.connect
def _end_with_worker(**_: Any) -> None:
    """End the process of `--beat` with its worker."""
    end_with_parent(os.getppid())
