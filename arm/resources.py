"""Resources as Azure returned them, as frozen values.

Shapes: Microsoft.SignalRService/signalR 2023-02-01, Microsoft.ManagedIdentity 2024-11-30 and
Microsoft.Resources/subscriptions 2022-12-01.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from azure.mgmt.core.tools import parse_resource_id

from arm.errors import unreadable
from arm.instance_network import InstanceNetwork
from arm.instance_state import InstanceState


@dataclass(frozen=True, slots=True)
class SubscriptionResource:
    """A subscription that the credential can read, and its tenant."""

    subscription_id: UUID
    tenant_id: UUID
    display_name: str

    @classmethod
    def from_arm(cls, resource: Mapping[str, Any]) -> SubscriptionResource:
        """Read a subscription. Raises UnexpectedAnswer for any other shape."""
        with _expecting("a subscription", resource):
            return cls(
                subscription_id=UUID(resource["subscriptionId"]),
                tenant_id=UUID(resource["tenantId"]),
                display_name=resource.get("displayName") or "",
            )


@dataclass(frozen=True, slots=True)
class UserAssignedIdentityResource:
    """A user-assigned identity; `arm_id` has the case that Azure returned.

    The response of an instance has `principal_id` and `client_id` only; location and tenant are in
    the response of the identity itself.
    """

    arm_id: str
    name: str
    location: str = ""
    tenant_id: UUID | None = None
    principal_id: UUID | None = None
    client_id: UUID | None = None

    @classmethod
    def from_arm(cls, resource: Mapping[str, Any]) -> UserAssignedIdentityResource:
        """Read the response of an identity. Raises UnexpectedAnswer for any other shape."""
        with _expecting("a user-assigned identity", resource):
            properties = resource.get("properties") or {}
            return cls(
                arm_id=resource["id"],
                name=resource["id"].rsplit("/", 1)[-1],
                location=resource.get("location") or "",
                tenant_id=_uuid(properties.get("tenantId")),
                principal_id=_uuid(properties.get("principalId")),
                client_id=_uuid(properties.get("clientId")),
            )

    @classmethod
    def from_reference(
        cls, arm_id: str, ids: Mapping[str, Any] | None
    ) -> UserAssignedIdentityResource:
        """Read an entry of an instance's `identity.userAssignedIdentities`."""
        return cls(
            arm_id=arm_id,
            name=arm_id.rsplit("/", 1)[-1],
            principal_id=_uuid((ids or {}).get("principalId")),
            client_id=_uuid((ids or {}).get("clientId")),
        )


@dataclass(frozen=True, slots=True)
class SharedPrivateLink:
    """A private endpoint of an instance to one other resource.

    `target_id` is the resource's ARM id in lower case, and `group` its part, such as `sites`. It
    works once it `is_ready`: created, and approved by the owner of the resource. Source: "Secure
    Azure SignalR outbound traffic through shared private endpoints".
    """

    target_id: str
    group: str
    status: str
    is_ready: bool

    @classmethod
    def from_arm(cls, link: Mapping[str, Any]) -> SharedPrivateLink:
        """Read one of `properties.sharedPrivateLinkResources`."""
        properties = link.get("properties") or {}
        status = str(properties.get("status") or "")
        state = str(properties.get("provisioningState") or "Succeeded")
        return cls(
            target_id=str(properties.get("privateLinkResourceId") or "").lower(),
            group=str(properties.get("groupId") or "").lower(),
            status=status,
            is_ready=status.lower() == "approved" and state.lower() == "succeeded",
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, which are the arguments of this class."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SignalRResource:
    """An instance as Azure returned it.

    `state` is the part that Signalman manages, `raw` the whole response, `principal_id` that of the
    instance's identity, `tenant_id` as far as the response has it, `user_assigned` its
    user-assigned identity, `private_links` its shared private links, `network` its network rules.
    The last two say whether clients of the REST API may not use access keys, or tokens of Microsoft
    Entra.
    """

    arm_id: str
    subscription_id: UUID
    resource_group: str
    name: str
    location: str
    provisioning_state: str
    host_name: str
    principal_id: UUID | None
    tenant_id: UUID | None
    last_modified_at: datetime | None
    state: InstanceState
    user_assigned: UserAssignedIdentityResource | None = None
    sku: str = ""
    service_mode: str = ""
    private_links: tuple[SharedPrivateLink, ...] = ()
    network: InstanceNetwork = field(default_factory=InstanceNetwork)
    is_local_auth_disabled: bool = False
    is_entra_auth_disabled: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def from_arm(cls, resource: Mapping[str, Any]) -> SignalRResource:
        """Read an instance. Raises UnexpectedAnswer, naming it, for any other shape."""
        with _expecting("a SignalR instance", resource):
            properties = resource.get("properties") or {}
            identity = resource.get("identity") or {}
            user_assigned = _user_assigned(identity)
            own = (
                user_assigned.principal_id if user_assigned else _uuid(identity.get("principalId"))
            )
            parts = parse_resource_id(resource["id"])
            return cls(
                arm_id=resource["id"],
                subscription_id=UUID(str(parts["subscription"])),
                resource_group=str(parts["resource_group"]),
                name=str(parts["name"]),
                location=resource.get("location") or "",
                provisioning_state=properties.get("provisioningState") or "",
                host_name=properties.get("hostName") or "",
                principal_id=own,
                tenant_id=_uuid(identity.get("tenantId")),
                last_modified_at=_moment((resource.get("systemData") or {}).get("lastModifiedAt")),
                state=InstanceState.from_arm(resource),
                user_assigned=user_assigned,
                sku=(resource.get("sku") or {}).get("name") or "",
                service_mode=_service_mode(properties),
                private_links=_private_links(properties),
                network=InstanceNetwork.from_arm(properties),
                is_local_auth_disabled=bool(properties.get("disableLocalAuth")),
                is_entra_auth_disabled=bool(properties.get("disableAadAuth")),
                raw=resource,
            )


def _service_mode(properties: Mapping[str, Any]) -> str:
    """Return the value of the feature flag; Azure's default is Default."""
    flags = {flag["flag"]: flag["value"] for flag in properties.get("features") or ()}
    return str(flags.get("ServiceMode", "Default"))


def _private_links(properties: Mapping[str, Any]) -> tuple[SharedPrivateLink, ...]:
    links = properties.get("sharedPrivateLinkResources") or ()
    return tuple(map(SharedPrivateLink.from_arm, links))


def _user_assigned(identity: Mapping[str, Any]) -> UserAssignedIdentityResource | None:
    if identity.get("type") != "UserAssigned":
        return None
    for arm_id, ids in (identity.get("userAssignedIdentities") or {}).items():
        return UserAssignedIdentityResource.from_reference(arm_id, ids)
    return None


def _uuid(value: str | None) -> UUID | None:
    return UUID(value) if value else None


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


@contextmanager
def _expecting(what: str, resource: Mapping[str, Any]) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(error, what, _id_of(resource)) from error


def _id_of(resource: object) -> str:
    arm_id = resource.get("id") if isinstance(resource, Mapping) else None
    return str(arm_id or "A resource without an ID")
