"""The one identity of an instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from arm.request_bodies import identity_patch
from arm.state import IdentityState, InstanceState
from sync.planning.changes import KNOWN_AFTER_APPLY, Change, field_changes
from sync.planning.components.component import Part, Place, Writing
from sync.planning.components.vault_names import named_vaults

if TYPE_CHECKING:
    from arm.async_operations import LongRunning


def identity_changes(before: IdentityState, after: IdentityState) -> tuple[Change, ...]:
    """Return what turns the one identity into the other."""
    if before == after:
        return ()
    if before.type == "None":
        return (Change("identity", "create", None, _expected(after)),)
    if after.type == "None":
        return (Change("identity", "delete", _fields(before), None),)
    return tuple(field_changes("identity", _fields(before), _expected(after)))


def _fields(identity: IdentityState) -> dict[str, Any]:
    return {field: value for field, value in asdict(identity).items() if value is not None}


def _expected(identity: IdentityState) -> dict[str, Any]:
    """Return the identity's fields, and a principal where Azure is to make one."""
    if identity.type != "SystemAssigned":
        return _fields(identity)
    return {**_fields(identity), "principal_id": KNOWN_AFTER_APPLY}


def _changes(before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
    return identity_changes(before.identity, after.identity)


def _place(_before: InstanceState, after: InstanceState) -> Place:
    """An identity is there before what uses it, and removed after all has let go of it."""
    return Place.LET_GO if after.identity.type == "None" else Place.IDENTITY


def _title(before: InstanceState, after: InstanceState) -> str:
    if after.identity.type == "None":
        return "Remove the identity"
    verb = "Give the instance" if before.identity.type == "None" else "Switch to"
    arm_id = after.identity.user_assigned_id
    if arm_id is None:
        return f"{verb} a system-assigned identity"
    return f"{verb} the user-assigned identity {arm_id.rsplit('/', 1)[-1]}"


def _warnings(before: InstanceState, after: InstanceState) -> tuple[str, ...]:
    """Say what goes with a lost principal: roles and receivers name principals, not instances."""
    if before.identity.type == "None":
        return ()
    lost = "Roles, vault grants and receivers that name the present principal ID stop working"
    if after.identity.type == "None":
        return (f"{lost}.",)
    return (f"{lost} until they name the new one.", *_unreadable(after))


def _unreadable(state: InstanceState) -> Iterator[str]:
    """Say which secrets the switch takes away until something after it gives them back."""
    granted = {grant.vault for grant in state.grants}
    missing = [vault for vault in named_vaults(state.templates) if vault not in granted]
    if missing:
        yield (
            f"Events to templates that name secrets of {', '.join(missing)} fail from this step "
            "on, until the new identity may read them."
        )


def _write(writing: Writing) -> LongRunning:
    return writing.client.patch_instance(
        writing.resource.resource_group,
        writing.resource.name,
        identity_patch(writing.after.identity),
        correlation_id=writing.correlation_id,
    )


PART = Part("identity", _place, _changes, _title, _write, warnings=_warnings)
