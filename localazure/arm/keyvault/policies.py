"""Access policies of a vault: which principal has which permissions on secrets.

`add` merges permissions into the principal's policy; `remove` takes permissions away, and the
policy with its last one; `replace` replaces the whole list.
"""

from __future__ import annotations

import copy
from typing import Any

from localazure.arm.errors import InvalidParameter

KINDS = ("add", "replace", "remove")
# "all" excludes this permission: it has to be granted by name.
PURGE = "purge"

Policy = dict[str, Any]

SHAPE = {
    "tenantId": str,
    "objectId": str,
    "applicationId": str,
    "permissions": {"keys": [str], "secrets": [str], "certificates": [str], "storage": [str]},
}


def check(policies: list[Policy], tenant_id: str) -> None:
    """Refuse policies that are incomplete or of another tenant. Raises InvalidParameter."""
    for policy in policies:
        if not (policy.get("objectId") and isinstance(policy.get("permissions"), dict)):
            raise InvalidParameter("An access policy requires an objectId and permissions.")
        if str(policy.get("tenantId")).lower() != tenant_id.lower():
            raise InvalidParameter(
                f"The access policy's tenant '{policy.get('tenantId')}' is not the vault's."
            )


def changed(held: list[Policy], kind: str, given: list[Policy]) -> list[Policy]:
    """Return the policies after `add`, `replace` or `remove`."""
    if kind == "replace":
        return copy.deepcopy(given)
    policies = {_subject(policy): copy.deepcopy(policy) for policy in held}
    for policy in given:
        subject = policies.setdefault(_subject(policy), {**policy, "permissions": {}})
        subject["permissions"] = _combined(subject["permissions"], policy["permissions"], kind)
    return [policy for policy in policies.values() if any(policy["permissions"].values())]


def allow(policies: list[Policy], tenant_id: str, object_id: str, permission: str) -> bool:
    """Return whether a policy of the principal has the permission on secrets.

    A policy for an application on behalf of a user (`applicationId`) does not count.
    """
    names = {permission} if permission == PURGE else {permission, "all"}
    return any(
        _same(policy["objectId"], object_id)
        and _same(policy["tenantId"], tenant_id)
        and not policy.get("applicationId")
        and names & {one.lower() for one in policy["permissions"].get("secrets") or []}
        for policy in policies
    )


def _combined(held: dict[str, Any], given: dict[str, Any], kind: str) -> dict[str, Any]:
    result = dict(held)
    for group, names in given.items():
        old, new = held.get(group) or [], names or []
        if kind == "add":
            result[group] = [*old, *(name for name in new if not _in(name, old))]
        else:
            result[group] = [name for name in old if not _in(name, new)]
    return result


def _subject(policy: Policy) -> tuple[str, ...]:
    parts = (policy["tenantId"], policy["objectId"], policy.get("applicationId") or "")
    return tuple(part.lower() for part in parts)


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _in(name: str, names: list[str]) -> bool:
    return any(_same(name, other) for other in names)
