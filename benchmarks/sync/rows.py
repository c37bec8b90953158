"""Writing the rows of an import without anything else: what no import can save."""

from __future__ import annotations

from collections.abc import Callable

from django.db import models, transaction

from identities.models import ManagedIdentity, SignalRInstance
from sync.models import AuditEvent, DesiredRevision, InstanceStatus, Operation
from upstreams.models import UpstreamTemplate

# In an order in which each row's references exist.
_MODELS: tuple[type[models.Model], ...] = (
    SignalRInstance,
    ManagedIdentity,
    UpstreamTemplate,
    DesiredRevision,
    InstanceStatus,
    AuditEvent,
)
_BATCH = 500


def write_again() -> Callable[[], None]:
    """Delete the rows that an import wrote, and return a function that writes them again.

    It writes in batches of as many instances as an import, each in a transaction.
    """
    stored = [(model, list(model._default_manager.order_by("pk"))) for model in _MODELS]  # noqa: SLF001
    size = len(stored[0][1])
    Operation.objects.all().delete()
    for model, _ in reversed(stored):
        # Past the manager of audit events, which deletes none.
        models.QuerySet(model)._raw_delete(using="default")  # noqa: SLF001

    def write() -> None:
        for start in range(0, size, _BATCH):
            with transaction.atomic():
                for model, rows in stored:
                    share = len(rows) * start // size, len(rows) * min(start + _BATCH, size) // size
                    model._default_manager.bulk_create(rows[share[0] : share[1]], batch_size=_BATCH)  # noqa: SLF001

    return write
