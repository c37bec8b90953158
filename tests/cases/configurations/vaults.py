"""Secrets of a vault, and who may read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from localazure import seed
from tests.cases.configurations.names import KEY, OTHER, SYSTEM, USER, VAULT_ID, Json

ODD_SECRETS: Final[tuple[Json, ...]] = (
    {},
    {"code": "wrong"},
    {"other": KEY},
    {"code": {"value": KEY, "attributes": {"enabled": False}}},
    {"code": {"value": KEY, "attributes": {"exp": 1}}},
    {"code": {"value": KEY, "attributes": {"nbf": 4102444800}}},
)


def _policy(
    *permissions: str, principals: Sequence[str] = (SYSTEM, USER), tenant: str = seed.TENANT_ID
) -> Json:
    policies = [
        {
            "tenantId": tenant,
            "objectId": principal,
            "permissions": {"secrets": list(permissions)},
        }
        for principal in principals
    ]
    return {"properties": {"accessPolicies": policies}}


def _role(role: str, scope: str = VAULT_ID, *, principals: Sequence[str] = (SYSTEM, USER)) -> Json:
    return {
        "properties": {"enableRbacAuthorization": True},
        "roleAssignments": [
            {"role": role, "principalId": principal, "scope": scope} for principal in principals
        ],
    }


GRANTS: Final = (
    _policy("get"),
    _policy("All"),
    _role("Key Vault Secrets User"),
    _role("Key Vault Administrator", VAULT_ID.rpartition("/providers/")[0]),
)
NO_GRANTS: Final[tuple[Json, ...]] = (
    {},
    _policy("get", principals=[OTHER]),
    _policy("get", principals=[SYSTEM]),
    _policy("list", "set"),
    _policy("get", tenant=seed.OTHER_TENANT_ID),
    {"properties": {"enableRbacAuthorization": True}},
    {"properties": _policy("get")["properties"] | {"enableRbacAuthorization": True}},
    _role("Key Vault Reader"),
    _role("Key Vault Secrets User", principals=[USER]),
    _role("Key Vault Secrets User", f"{VAULT_ID}/secrets/code"),
    _role("Key Vault Secrets User", f"{VAULT_ID}/secrets/other"),
)
