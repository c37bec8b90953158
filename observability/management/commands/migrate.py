"""manage.py migrate: Django's own, one process at a time."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from observability.migration_lock import migration_lock


class Command(migrate.Command):
    """Django's command, which waits while another process migrates the same database."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate under the lock; with --plan or --check nothing is changed."""
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        with migration_lock(options["database"], on_wait=self._say_waiting):
            super().handle(*args, **options)

    def _say_waiting(self) -> None:
        self.stderr.write(
            "Another process is migrating the database. Waiting until it has finished."
        )
