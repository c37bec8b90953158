"""The Django app."""

from __future__ import annotations

from celery.signals import task_success
from django.apps import AppConfig


class SyncConfig(AppConfig):
    """Sync."""

    name = "sync"
    verbose_name = "Sync"

    def ready(self) -> None:
        """Register the system checks, problem types, metrics and the readiness check."""
        # Models load after apps. Celery registers tasks where they are imported.
        from api import exception_handler  # noqa: PLC0415
        from observability import health, metrics  # noqa: PLC0415
        from sync import system_checks  # noqa: F401, PLC0415
        from sync.api.problems import PROBLEM_TYPES  # noqa: PLC0415
        from sync.health import check_worker  # noqa: PLC0415
        from sync.metrics import record_heartbeat, sync_metrics  # noqa: PLC0415
        from sync.operations import tasks  # noqa: F401, PLC0415

        exception_handler.register(PROBLEM_TYPES)
        metrics.register(sync_metrics)
        health.register("worker", check_worker, {health.Role.WORKER})
        task_success.connect(record_heartbeat, dispatch_uid="sync.heartbeat")
