"""What is changed by hand in the portal's forms goes into the history and the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identities.models import SignalRInstance
from sync.audit import record_change
from sync.desired import desired_state
from sync.history import Author, record_desired


def record_edit(
    instance: SignalRInstance, who: str, fields: Mapping[str, tuple[Any, Any]], **_kwargs: Any
) -> None:
    """Record what the saved page of `instance` changed: its own fields, and what is wanted."""
    for name, (before, after) in fields.items():
        record_change(instance, f"set {name}", who=who, before=str(before), after=str(after))
    record_desired([instance.pk], Author(who, "edit"))


def record_removal(instance: SignalRInstance, who: str, **_kwargs: Any) -> None:
    """Record that `instance` was taken out of Signalman, with what was wanted of it."""
    record_change(instance, "remove", who=who, before=desired_state(instance).to_json())
