"""Role assignments that let a principal read a vault's secrets, or send to a SignalR instance.

Operations are those of azure-mgmt-authorization, api-version 2022-04-01. Ids of roles: "Azure
built-in roles", learn.microsoft.com/azure/role-based-access-control.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final, cast
from uuid import UUID, uuid5

from azure.mgmt.authorization import AuthorizationManagementClient

from arm.errors import Conflict, PrincipalUnknown, Rejected, unreadable
from arm.settings import ArmSettings
from arm.transport.credentials import credential
from arm.transport.error_translation import translated
from arm.transport.pipeline import pipeline
from arm.transport.raw_answers import Captured

SECRETS_USER: Final = "4633458b-17de-408a-b874-0445c86b69e6"
# Built-in roles that allow Microsoft.KeyVault/vaults/secrets/getSecret/action.
SECRET_READING_ROLES: Final[Mapping[str, str]] = {
    SECRETS_USER: "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
}
REST_API_OWNER: Final = "fd53cd77-2268-407a-8f46-7e7863d0f521"
# What a role can be assigned to. Source: principalType of the same api-version.
PRINCIPAL_TYPES: Final = ("ServicePrincipal", "User", "Group")
# Built-in roles that allow Microsoft.SignalRService/SignalR/hub/send/action and the like.
SENDING_ROLES: Final[Mapping[str, str]] = {
    REST_API_OWNER: "SignalR REST API Owner",
    "7e4f1700-ea5a-4f59-8f37-079cfe29dce3": "SignalR Service Owner",
}
# Built-in roles that are often assigned, and do not allow it.
NOT_SENDING_ROLES: Final[Mapping[str, str]] = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    "8cf5e20a-e4b2-4e9d-b3a1-5ceb692c2761": "SignalR/Web PubSub Contributor",
    "420fcaa2-552c-430f-98ca-3264be4806c7": "SignalR App Server",
    "ddde6b66-c0df-4114-a159-3618637b3035": "SignalR REST API Reader",
}
# An assignment's name is a GUID of the caller's choice. Derived, a repeated request is the same.
_NAMES: Final = UUID("5d0a3bd0-6f0f-4a3c-9f2e-1f4f6a2c7c55")
_SAME_UNDER_ANOTHER_NAME: Final = "RoleAssignmentExists"
# A new principal is not known everywhere at once.
_NOT_REPLICATED: Final = "PrincipalNotFound"


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """That a principal holds a role at a scope, or at one above it."""

    arm_id: str
    role_id: str
    created_at: datetime | None

    @classmethod
    def from_arm(cls, assignment: Mapping[str, Any]) -> RoleAssignment:
        """Read an assignment. Raises UnexpectedAnswer for any other shape."""
        try:
            properties = assignment["properties"]
            created = properties.get("createdOn")
            return cls(
                arm_id=assignment["id"],
                role_id=properties["roleDefinitionId"].rsplit("/", 1)[-1].lower(),
                created_at=datetime.fromisoformat(created) if created else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(error, "a role assignment") from error


def oldest(assignments: Iterable[RoleAssignment]) -> RoleAssignment | None:
    """Return the assignment that was created first; one without a time counts as the newest."""
    return min(assignments, key=lambda each: str(each.created_at), default=None)


class Roles:
    """Role assignments at any scope. Safe to share between threads.

    Every method raises an ArmError, and nothing else, when Azure does not carry out the request.
    """

    def __init__(self, subscription_id: UUID | str, settings: ArmSettings) -> None:
        self._subscription_id = str(subscription_id)
        self._assignments = AuthorizationManagementClient(
            credential(settings),
            self._subscription_id,
            base_url=settings.endpoint,
            pipeline=pipeline(settings),
        ).role_assignments

    def secret_reading(self, scope: str, principal_id: UUID) -> RoleAssignment | None:
        """Return what lets the principal read the secrets of the vault at `scope`.

        Of several assignments the oldest. Roles held through a group or above the vault count;
        roles on single secrets and custom roles are not seen.
        """
        held = self.held(scope, principal_id)
        return oldest(each for each in held if each.role_id in SECRET_READING_ROLES)

    def held(self, scope: str, principal_id: UUID) -> list[RoleAssignment]:
        """Return the principal's assignments at `scope` and above it, those of its groups too."""
        captured = Captured()
        with translated():
            items = self._assignments.list_for_scope(
                scope.lstrip("/"),
                filter=f"atScope() and assignedTo('{principal_id}')",
                raw_response_hook=captured,
            )
            return [RoleAssignment.from_arm(each) for each in captured.pages(items)]

    def sending(self, scope: str, principal_id: UUID) -> RoleAssignment | None:
        """Return what lets the principal send to the instance at `scope`; of several the oldest.

        Roles held through a group or above the instance count; custom roles are not seen.
        """
        held = self.held(scope, principal_id)
        return oldest(each for each in held if each.role_id in SENDING_ROLES)

    def let_read_secrets(
        self, scope: str, principal_id: UUID, *, correlation_id: str | None = None
    ) -> None:
        """Make the principal a Key Vault Secrets User of the vault at `scope`.

        Harmless to repeat. Raises PrincipalUnknown where Microsoft Entra has not heard of a new
        principal yet, which passes.
        """
        self._assign(scope, principal_id, SECRETS_USER, correlation_id=correlation_id)

    def let_send(
        self,
        scope: str,
        principal_id: UUID,
        *,
        principal_type: str,
        correlation_id: str | None = None,
    ) -> None:
        """Make the principal a SignalR REST API Owner of the instance at `scope`.

        Harmless to repeat. Raises PrincipalUnknown as `let_read_secrets` does.
        """
        self._assign(
            scope,
            principal_id,
            REST_API_OWNER,
            principal_type=principal_type,
            correlation_id=correlation_id,
        )

    def _assign(
        self,
        scope: str,
        principal_id: UUID,
        role: str,
        *,
        principal_type: str = "ServicePrincipal",
        correlation_id: str | None,
    ) -> None:
        name = uuid5(_NAMES, f"{scope.lower()} {principal_id} {role}")
        body = self._assignment(principal_id, role, principal_type)
        named: dict[str, Any] = {"request_id": correlation_id} if correlation_id else {}
        try:
            with translated():
                self._assignments.create(
                    scope.lstrip("/"),
                    str(name),
                    cast("IO[bytes]", json.dumps(body).encode()),
                    content_type="application/json",
                    **named,
                )
        except Conflict as error:
            if error.code != _SAME_UNDER_ANOTHER_NAME:
                raise
        except Rejected as error:
            if error.code != _NOT_REPLICATED:
                raise
            raise PrincipalUnknown(error.message, code=error.code, status=error.status) from error

    def _assignment(self, principal_id: UUID, role: str, principal_type: str) -> dict[str, Any]:
        definition = (
            f"/subscriptions/{self._subscription_id}/providers/Microsoft.Authorization"
            f"/roleDefinitions/{role}"
        )
        # The SDK's model says User unless told; Azure then looks for a user of that id.
        return {
            "properties": {
                "roleDefinitionId": definition,
                "principalId": str(principal_id),
                "principalType": principal_type,
            }
        }
