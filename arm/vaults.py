"""Key vaults that URL templates reference, and the principals that may read their secrets.

Uses the operations of azure-mgmt-keyvault. Shapes: Microsoft.KeyVault/vaults, api-version
2026-05-15. A vault uses Azure RBAC where `enableRbacAuthorization` is true, and access policies
where it is false or null. Source: "Azure RBAC vs. access policies", learn.microsoft.com/azure/
key-vault.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import IO, Any, Final, cast
from uuid import UUID

from azure.mgmt.core.tools import parse_resource_id
from azure.mgmt.keyvault import KeyVaultManagementClient

from arm.errors import NotFound, unreadable
from arm.private_endpoints import is_approved
from arm.settings import ArmSettings
from arm.transport.credentials import credential
from arm.transport.error_translation import translated
from arm.transport.pipeline import pipeline
from arm.transport.raw_answers import Captured

# Permissions of an access policy that allow reading a secret's value.
_READING: Final = frozenset({"get", "all"})


@dataclass(frozen=True, slots=True)
class VaultNetwork:
    """The network settings of a vault: from where connections are accepted.

    Without public access (`is_public`), its addresses do not count. `trusts_services` says whether
    trusted Microsoft services bypass its firewall. Source: "Configure networking settings for
    Azure Key Vault".
    """

    is_public: bool = True
    is_open_by_default: bool = True
    trusts_services: bool = True
    has_address_rules: bool = False
    has_private_endpoint: bool = False

    @classmethod
    def from_arm(cls, properties: Mapping[str, Any]) -> VaultNetwork:
        """Read the properties of a vault."""
        acls = properties.get("networkAcls") or {}
        connections = properties.get("privateEndpointConnections") or ()
        return cls(
            is_public=str(properties.get("publicNetworkAccess") or "").lower() != "disabled",
            is_open_by_default=str(acls.get("defaultAction") or "Allow").lower() == "allow",
            trusts_services=str(acls.get("bypass") or "AzureServices").lower() == "azureservices",
            has_address_rules=bool(acls.get("ipRules")),
            has_private_endpoint=any(map(is_approved, connections)),
        )

    def to_json(self) -> dict[str, bool]:
        """Return it as JSON values, which are the arguments of this class."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class VaultResource:
    """A vault as Azure returned it.

    `readers` are the principals that an access policy allows to read secrets; they are irrelevant
    where the vault uses Azure RBAC (`uses_rbac`).
    """

    arm_id: str
    name: str
    vault_uri: str
    tenant_id: UUID
    uses_rbac: bool
    readers: frozenset[UUID]
    network: VaultNetwork = field(default_factory=VaultNetwork)

    @classmethod
    def from_arm(cls, vault: Mapping[str, Any]) -> VaultResource:
        """Read a vault. Raises UnexpectedAnswer for any other shape."""
        try:
            properties = vault["properties"]
            return cls(
                arm_id=vault["id"],
                name=vault["name"],
                vault_uri=properties.get("vaultUri") or "",
                tenant_id=UUID(properties["tenantId"]),
                uses_rbac=bool(properties.get("enableRbacAuthorization")),
                readers=frozenset(
                    _readers(properties.get("accessPolicies") or (), UUID(properties["tenantId"]))
                ),
                network=VaultNetwork.from_arm(properties),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(error, "a key vault") from error


@dataclass(frozen=True, slots=True)
class SecretResource:
    """The attributes of a secret, without its value."""

    name: str
    is_enabled: bool
    not_before: datetime | None
    expires_at: datetime | None

    @classmethod
    def from_arm(cls, secret: Mapping[str, Any]) -> SecretResource:
        """Read a secret. Raises UnexpectedAnswer for any other shape."""
        try:
            attributes = (secret.get("properties") or {}).get("attributes") or {}
            return cls(
                name=secret["name"],
                is_enabled=attributes.get("enabled") is not False,
                not_before=_moment(attributes.get("nbf")),
                expires_at=_moment(attributes.get("exp")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable(error, "a secret") from error


class Vaults:
    """The key vaults of one subscription. Safe to share between threads.

    Every method raises an ArmError, and nothing else, when Azure does not carry out the request.
    """

    def __init__(self, subscription_id: UUID | str, settings: ArmSettings) -> None:
        client = KeyVaultManagementClient(
            credential(settings),
            str(subscription_id),
            base_url=settings.endpoint,
            pipeline=pipeline(settings),
        )
        self._vaults, self._secrets = client.vaults, client.secrets

    def list(self) -> Iterator[VaultResource]:
        """Read the subscription's vaults, page by page: those that the credential may see."""
        captured = Captured()
        with translated():
            items = self._vaults.list_by_subscription(raw_response_hook=captured)
            yield from map(VaultResource.from_arm, captured.pages(items))

    def get(self, arm_id: str) -> VaultResource:
        """Read one vault. Raises NotFound."""
        group, name = _group_and_name(arm_id)
        captured = Captured()
        with translated():
            self._vaults.get(group, name, raw_response_hook=captured)
        return VaultResource.from_arm(captured.json())

    def let_read_secrets(
        self, vault: VaultResource, principal_id: UUID, *, correlation_id: str | None = None
    ) -> None:
        """Add `get` on secrets to the access policies; what others may do stays as it is.

        Idempotent. Uses `add` only: `replace` would drop all other policies.
        """
        group, name = _group_and_name(vault.arm_id)
        named: dict[str, Any] = {"request_id": correlation_id} if correlation_id else {}
        with translated():
            self._vaults.update_access_policy(
                group,
                name,
                "add",
                cast("IO[bytes]", json.dumps(_policy(vault, principal_id)).encode()),
                content_type="application/json",
                **named,
            )

    def find_secret(self, vault_id: str, name: str) -> SecretResource | None:
        """Read what management knows of a secret; None where the vault has none of that name."""
        group, vault = _group_and_name(vault_id)
        captured = Captured()
        try:
            with translated():
                self._secrets.get(group, vault, name, raw_response_hook=captured)
        except NotFound:
            return None
        return SecretResource.from_arm(captured.json())


def _policy(vault: VaultResource, principal_id: UUID) -> dict[str, Any]:
    policy = {
        "tenantId": str(vault.tenant_id),
        "objectId": str(principal_id),
        "permissions": {"secrets": ["get"]},
    }
    return {"properties": {"accessPolicies": [policy]}}


def _readers(policies: Any, tenant_id: UUID) -> Iterator[UUID]:
    for policy in policies:
        # A policy for another tenant admits no principal of the vault's.
        if UUID(policy.get("tenantId") or str(tenant_id)) != tenant_id:
            continue
        # A compound identity's policy applies to the application on behalf of the principal only.
        if policy.get("applicationId"):
            continue
        allowed = (policy.get("permissions") or {}).get("secrets") or ()
        if _READING & {str(permission).lower() for permission in allowed}:
            yield UUID(policy["objectId"])


def _group_and_name(arm_id: str) -> tuple[str, str]:
    parts = parse_resource_id(arm_id)
    return str(parts["resource_group"]), str(parts["name"])


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
