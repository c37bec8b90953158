"""Taking instances out of Signalman; in Azure they stay as they are."""

from __future__ import annotations

from django.db import transaction

from identities.models import SignalRInstance
from sync.desired.form_edits import record_removal
from sync.errors import OperationRunning


def remove(instance: SignalRInstance, *, who: str) -> None:
    """Delete the row and what hangs on it, on record. Azure is not asked.

    Raises OperationRunning: what is half written stays known.
    """
    with transaction.atomic():
        if running := instance.operations.unfinished().first():
            raise OperationRunning(running)
        record_removal(instance, who)
        instance.delete()
