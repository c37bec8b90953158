"""Django's registration of the room."""

from __future__ import annotations

from django.apps import AppConfig


class SyncConfig(AppConfig):
    """Sync."""

    name = "sync"
    verbose_name = "Sync"

    def ready(self) -> None:
        """Record what is changed by hand in the portal, and check where Azure is said to be."""
        from identities.signals import instance_edited, instance_removed  # noqa: PLC0415
        from sync import checks, portal  # noqa: F401, PLC0415  # models load after apps

        instance_edited.connect(portal.record_edit, dispatch_uid="sync-record-edit")
        instance_removed.connect(portal.record_removal, dispatch_uid="sync-record-removal")
