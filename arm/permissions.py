"""The permissions of Signalman's own credential in a subscription.

`Microsoft.Authorization/permissions`, api-version 2022-04-01: what the caller's role assignments
allow, with those of its groups and of the management groups above. An action may contain `*`. An
exclusion applies to its own role only. Source: "Understand Azure role definitions",
learn.microsoft.com/azure/role-based-access-control/role-definitions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from arm.client import get_json
from arm.errors import unreadable
from arm.settings import ArmSettings

_API: Final = "2022-04-01"


@dataclass(frozen=True, slots=True)
class Permission:
    """The permissions of one role: actions, and exceptions from them."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Return whether `action`, as `Microsoft.SignalRService/SignalR/write`, may be done."""
        return _covers(self.actions, action) and not _covers(self.not_actions, action)


def held_permissions(subscription_id: UUID | str, settings: ArmSettings) -> list[Permission]:
    """Return what each role of the credential allows in the subscription. Raises ArmError."""
    url: str | None = (
        f"{settings.endpoint.rstrip('/')}/subscriptions/{subscription_id}"
        f"/providers/Microsoft.Authorization/permissions?api-version={_API}"
    )
    held: list[Permission] = []
    while url:
        page = get_json(settings, url)
        held += map(_permission, page.get("value") or ())
        url = page.get("nextLink")
    return held


def _permission(entry: Mapping[str, Any]) -> Permission:
    try:
        return Permission(tuple(entry["actions"]), tuple(entry.get("notActions") or ()))
    except (KeyError, TypeError, AttributeError) as error:
        raise unreadable(error, "permissions") from error


def _covers(patterns: Sequence[str], action: str) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE)
        for pattern in patterns
    )
