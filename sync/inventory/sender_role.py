"""The roles that the sending principal holds on an instance, read from its role assignments.

They are read of those instances only that this project is configured to send to with a token of
Microsoft Entra, or that hubs were seen to send to. A failure is stored with the instance, and fails
no import.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from arm.errors import ArmError
from arm.role_assignments import NOT_SENDING_ROLES, SENDING_ROLES, oldest
from identities.models import SignalRInstance
from sync.azure_client import arm_client
from sync.desired.senders import sending_principal
from upstreams.models import SenderActivity
from upstreams.sender.endpoints import configured_credential

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SenderAccess:
    """The permission of a principal to send to an instance, as read at `read_at`.

    `role` is the name of the role that allows it; empty if there is none. Of several, it is the
    oldest, assigned at `assigned_at`. `has_other_roles` says that the principal has roles whose
    permissions are not known, such as custom ones. `problem` says why the roles could not be read.
    """

    read_at: datetime
    principal_id: UUID | None = None
    role: str = ""
    assigned_at: datetime | None = None
    has_other_roles: bool = False
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "read_at": self.read_at.isoformat(),
            "principal_id": str(self.principal_id) if self.principal_id else None,
            "role": self.role,
            "assigned_at": self.assigned_at.isoformat() if self.assigned_at else None,
            "has_other_roles": self.has_other_roles,
            "problem": self.problem,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned."""
        principal, assigned = value["principal_id"], value["assigned_at"]
        return cls(
            read_at=datetime.fromisoformat(value["read_at"]),
            principal_id=UUID(principal) if principal else None,
            role=value["role"],
            assigned_at=datetime.fromisoformat(assigned) if assigned else None,
            has_other_roles=value["has_other_roles"],
            problem=value["problem"],
        )


def read_sender_access(instances: Iterable[SignalRInstance]) -> None:
    """Read and store the sender's roles on these instances, in the rows and in memory."""
    recent = SenderActivity.objects.recent(timezone.now())
    active = set(recent.values_list("instance_id", flat=True))
    for instance in instances:
        found = _access(instance, has_sent=instance.pk in active)
        value = found and found.to_json()
        if value != instance.sender_access:
            instance.sender_access = value
            SignalRInstance.objects.filter(pk=instance.pk).update(sender_access=value)


def _access(instance: SignalRInstance, *, has_sent: bool) -> SenderAccess | None:
    """Return the sender's roles; None where nothing sends with a token."""
    now = timezone.now()
    principal_id = None
    try:
        credential = configured_credential(instance.name) or ("entra" if has_sent else None)
        if credential != "entra":
            return None
        principal_id = sending_principal()
        if principal_id is None:
            problem = "The token of this process's credential names no principal."
            return SenderAccess(now, problem=problem)
        roles = arm_client(instance.subscription_id).roles
        held = roles.held(instance.arm_id, principal_id)
    except (ArmError, ImproperlyConfigured) as error:
        log.warning("The roles of the sender on %s were not read. %s", instance, error)
        return SenderAccess(now, principal_id, problem=str(error))
    sending = oldest(each for each in held if each.role_id in SENDING_ROLES)
    return SenderAccess(
        read_at=now,
        principal_id=principal_id,
        role=SENDING_ROLES[sending.role_id] if sending else "",
        assigned_at=sending.created_at if sending else None,
        has_other_roles=any(
            each.role_id not in SENDING_ROLES and each.role_id not in NOT_SENDING_ROLES
            for each in held
        ),
    )
