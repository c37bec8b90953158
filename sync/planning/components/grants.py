"""The grants that let an instance's identity read the secrets that its templates name.

Grants are only ever added. Who else may read a vault, and what an identity was let into that no
wanted template names, is left alone.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Final
from uuid import UUID

from arm.async_operations import LongRunning
from arm.errors import Forbidden, GrantForbidden, UnexpectedAnswer
from arm.state import GrantState, InstanceState
from sync.planning.changes import Change
from sync.planning.components.component import Choice, Part, Place, PlanOutdated, Writing
from sync.planning.components.vault_names import vaults_of

# Source: "Authorize requests to Azure SignalR Service resources with Microsoft Entra managed
# identities", learn.microsoft.com. SignalR reads references again as often.
PROPAGATION_MINUTES: Final = 30

Grants = tuple[GrantState, ...]


def _place(_before: InstanceState, after: InstanceState) -> Place:
    """A user-assigned identity has a principal before the instance has the identity."""
    is_known = after.identity.user_assigned_id is not None
    return Place.BEFORE_IDENTITY if is_known else Place.AFTER_IDENTITY


def _added(before: InstanceState, after: InstanceState) -> Grants:
    return tuple(grant for grant in after.grants if grant not in before.grants)


def _changes(before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
    added = _added(before, after)
    return tuple(Change(_path(each), "create", None, asdict(each)) for each in added)


def _title(before: InstanceState, after: InstanceState) -> str:
    added = _added(before, after)
    where = added[0].vault if len(added) == 1 else f"{len(added)} vaults"
    return f"Let the identity read the secrets of {where}"


def _warnings(before: InstanceState, after: InstanceState) -> tuple[str, ...]:
    slow = [each.vault for each in _added(before, after) if each.mechanism == "role_assignment"]
    if not slow:
        return ()
    sentence = (
        f"A role assignment may take {PROPAGATION_MINUTES} minutes to act: until then the secrets "
        f"of {', '.join(slow)} may not be readable."
    )
    return (sentence,)


def _problems(desired: InstanceState) -> tuple[str, ...]:
    if desired.identity.type != "None":
        return ()
    return tuple(
        f"Upstream template {index} names a secret of {', '.join(sorted(vaults))}, but the "
        "instance is to have no identity to read it with: give it one, or take the reference out."
        for index, template in enumerate(desired.templates)
        if (vaults := vaults_of(template.url_template))
    )


def _relevant(found: Grants, wanted: Grants) -> Grants:
    return tuple(grant for grant in found if grant in wanted)


def _holds(found: Grants, planned: Grants) -> bool:
    return set(planned) <= set(found)


def _take(before: InstanceState, after: InstanceState, paths: frozenset[str]) -> InstanceState:
    taken = {each for each in _added(before, after) if _path(each) in paths}
    return replace(before, grants=tuple(sorted({*before.grants, *taken})))


def _path(grant: GrantState) -> str:
    return f"grants[{grant.vault}]"


def _write(writing: Writing) -> LongRunning:
    """Add what is missing, vault by vault: a step that was broken off carries on."""
    missing = [each for each in writing.after.grants if each not in writing.resource.state.grants]
    for grant in missing:
        try:
            _grant(writing, grant)
            writing.taken.append(grant.vault)
        except Forbidden as error:
            raise GrantForbidden(error.message, code=error.code, status=error.status) from error
    return LongRunning(done=True)


def _grant(writing: Writing, grant: GrantState) -> None:
    client = writing.client_of(grant.vault_id)
    principal_id = _principal(writing, grant)
    vault = client.vaults.get(grant.vault_id)
    if vault.uses_rbac != (grant.mechanism == "role_assignment"):
        raise PlanOutdated(
            f"The vault {vault.name} was switched between access policies and roles after the plan "
            "was made. Look at the new plan and apply that."
        )
    named = writing.correlation_id
    if vault.uses_rbac:
        client.roles.let_read_secrets(vault.arm_id, principal_id, correlation_id=named)
    else:
        client.vaults.let_read_secrets(vault, principal_id, correlation_id=named)


def _principal(writing: Writing, grant: GrantState) -> UUID:
    """Return the principal of the identity that is let in, as Azure has it now."""
    if grant.identity == "SystemAssigned":
        principal_id = writing.resource.principal_id
    else:
        door = writing.client_of(grant.identity)
        principal_id = door.get_user_assigned_identity(grant.identity).principal_id
    if principal_id is None:
        raise UnexpectedAnswer(f"The identity {grant.identity} has no principal ID.")
    return principal_id


PART = Part(
    "grants",
    _place,
    _changes,
    _title,
    _write,
    warnings=_warnings,
    problems=_problems,
    choice=Choice(unit=str, take=_take),
    relevant=_relevant,
    holds=_holds,
)
