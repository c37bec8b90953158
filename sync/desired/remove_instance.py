"""Removing instances from Signalman. In Azure they are not changed."""

from __future__ import annotations

from django.db import transaction

from identities.models import SignalRInstance
from sync.desired.form_edits import record_removal
from sync.errors import OperationRunning


def remove(instance: SignalRInstance, *, who: str) -> None:
    """Delete the instance's row and everything that belongs to it and record it.

    Sends no request to Azure. Raises OperationRunning while an operation writes to the instance.
    """
    with transaction.atomic():
        if running := instance.operations.unfinished().first():
            raise OperationRunning(running)
        record_removal(instance, who)
        instance.delete()
