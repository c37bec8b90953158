"""The desired senders of an instance: the principals that plans let send to it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from arm.role_assignments import PRINCIPAL_TYPES
from arm.transport.credentials import credential_principal
from identities.models import SignalRInstance
from sync.azure_client import arm_settings
from sync.components.senders import Sender, desired_senders, to_json
from sync.desired.sync_status import record_statuses
from sync.record_audit import record_change
from upstreams.sender.configuration import configuration

ACTION = "set senders"


def set_senders(instance: SignalRInstance, senders: Iterable[Sender], *, who: str) -> bool:
    """Set the principals that plans let send to `instance` and record it.

    Returns whether that is a change. Nothing is sent to Azure: the next plan assigns the missing
    roles. A principal that is left out keeps its role. Raises ValidationError.
    """
    after = to_json(check_senders(senders)) or None
    with transaction.atomic():
        row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        before, row.desired_senders = row.desired_senders, after
        instance.desired_senders = after
        if before == after:
            return False
        row.save(update_fields=["desired_senders"])
        record_change(row, ACTION, who=who, before=before, after=after)
        record_statuses([row.pk])
    return True


def change_senders(
    instance: SignalRInstance,
    *,
    add: Iterable[Sender] = (),
    remove: Iterable[str] = (),
    who: str,
) -> bool:
    """Add and remove desired senders; return whether that is a change. Raises ValidationError."""
    with transaction.atomic():
        row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        senders = {each.principal_id: each for each in desired_senders(row)}
        for principal_id in remove:
            senders.pop(principal_id.strip().lower(), None)
        for sender in map(_checked, add):
            senders[sender.principal_id] = sender
        return set_senders(instance, senders.values(), who=who)


def check_senders(senders: Iterable[Sender]) -> list[Sender]:
    """Return the senders with their IDs in lower case. Raises ValidationError."""
    checked = sorted(set(map(_checked, senders)))
    if len({each.principal_id for each in checked}) < len(checked):
        raise ValidationError({"senders": "A principal has only one type."})
    return checked


def own_sender() -> Sender:
    """Return the principal that the hubs of this project send as.

    Raises ArmError, and ValidationError where the credential's token names none.
    """
    found = sending_principal()
    if found is None:
        raise ValidationError(
            "The token of this process's credential names no principal. Name the principal, or set "
            "SIGNALMAN_SENDER_PRINCIPAL_ID."
        )
    return Sender(str(found))


def sending_principal() -> UUID | None:
    """Return the principal of SIGNALMAN_SENDER_PRINCIPAL_ID, or else of this process's credential.

    None where the credential's token names none. Raises ArmError.
    """
    configured = configuration().principal_id
    return UUID(configured) if configured else credential_principal(arm_settings())


def _checked(sender: Sender) -> Sender:
    try:
        principal_id = str(UUID(sender.principal_id.strip()))
    except ValueError:
        raise ValidationError(
            {
                "principal_id": f"{sender.principal_id!r} is not an object ID, such as "
                "00000000-0000-0000-0000-000000000000."
            }
        ) from None
    if sender.principal_type not in PRINCIPAL_TYPES:
        raise ValidationError(
            {"principal_type": f"The type must be one of {', '.join(PRINCIPAL_TYPES)}."}
        )
    return Sender(principal_id, sender.principal_type)
