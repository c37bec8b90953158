"""Django's registration of the room."""

from __future__ import annotations

from django.apps import AppConfig


class SyncConfig(AppConfig):
    """Sync."""

    name = "sync"
    verbose_name = "Sync"
