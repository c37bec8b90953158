"""Recording changes that were made in the portal's admin forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model

from identities.models import SignalRInstance
from sync.desired.history import Author, record_desired
from sync.desired.request_requirements import ACTION as REQUIREMENTS_SET
from sync.desired.state import desired_state
from sync.record_audit import record_change
from upstreams.models import RequestRequirements

Edits = Mapping[str, tuple[Any, Any]]


def record_edit(
    instance: SignalRInstance,
    who: str,
    fields: Edits,
    rows: Iterable[tuple[Model, Edits]] = (),
) -> None:
    """Record what the saved form of `instance` changed: its fields and its desired state."""
    for name, (before, after) in fields.items():
        record_change(instance, f"set {name}", who=who, before=str(before), after=str(after))
    for row, edits in rows:
        if isinstance(row, RequestRequirements):
            before = {name: old for name, (old, _) in edits.items()}
            after = {name: new for name, (_, new) in edits.items()}
            record_change(instance, REQUIREMENTS_SET, who=who, before=before, after=after)
    record_desired([instance.pk], Author(who, "edit"))


def record_removal(instance: SignalRInstance, who: str) -> None:
    """Record that `instance` was removed from Signalman, with its last desired state."""
    record_change(instance, "remove", who=who, before=desired_state(instance).to_json())
