"""The desired service mode of an instance."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from arm.request_bodies import SETTABLE_SERVICE_MODES
from identities.models import SignalRInstance
from sync.desired.history import Author, changing_desired

ACTION = "set service mode"


def set_service_mode(instance: SignalRInstance, mode: str, *, who: str, comment: str = "") -> bool:
    """Set the desired service mode of `instance` and record it; return whether that is a change.

    With an empty mode, Signalman does not manage it. Nothing is sent to Azure. Raises
    ValidationError for a mode that cannot be set.
    """
    with changing_desired(instance, Author(who, ACTION, comment)):
        row = SignalRInstance.objects.get(pk=instance.pk)
        is_changed = row.desired_service_mode != mode
        change_service_mode(row, mode)
        instance.desired_service_mode = mode
    return is_changed


def change_service_mode(row: SignalRInstance, mode: str) -> None:
    """Set the desired service mode inside `changing_desired`. Raises ValidationError."""
    settable = settable_modes(row)
    if mode and mode not in settable:
        raise ValidationError(
            {"service_mode": f"Unknown mode {mode!r}. Use one of {', '.join(settable)}."}
        )
    row.desired_service_mode = mode
    row.save(update_fields=["desired_service_mode"])


def settable_modes(instance: SignalRInstance) -> tuple[str, ...]:
    """Return the modes that can be set; what the instance has may stay as it is."""
    present = {instance.service_mode, instance.desired_service_mode} - {"", *SETTABLE_SERVICE_MODES}
    return (*SETTABLE_SERVICE_MODES, *sorted(present))
