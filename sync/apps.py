"""Django's registration of the room."""

from __future__ import annotations

from django.apps import AppConfig


class SyncConfig(AppConfig):
    """Sync."""

    name = "sync"
    verbose_name = "Sync"

    def ready(self) -> None:
        """Check where Azure is said to be."""
        # Models load after apps. Celery registers tasks where they are imported.
        from sync import checks  # noqa: F401, PLC0415
        from sync.operations import tasks  # noqa: F401, PLC0415
