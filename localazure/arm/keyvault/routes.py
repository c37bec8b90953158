"""Vaults over HTTP: all synchronous. Secrets' values are not shown here, but in the data plane."""

from __future__ import annotations

import copy
import re
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.keyvault import rules
from localazure.arm.keyvault.rules import TYPE
from localazure.arm.resources import Resource, created, touched
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.schema import ANYTHING

_UNDER = f"/providers/{TYPE}"
_ONE = f"{GROUP}{_UNDER}/{{name}}"
_NAME = re.compile(r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]")
# From this version on a new vault goes by roles unless it says otherwise.
_RBAC_BY_DEFAULT = "2026-02-01"

_POLICY = {
    "tenantId": str,
    "objectId": str,
    "applicationId": str,
    "permissions": {"keys": [str], "secrets": [str], "certificates": [str], "storage": [str]},
}
_ENVELOPE = {"id": str, "name": str, "type": str, "location": str, "tags": ANYTHING}
_SHAPE = _ENVELOPE | {
    "systemData": ANYTHING,
    "properties": {
        "tenantId": str,
        "sku": {"family": str, "name": str},
        "accessPolicies": [_POLICY],
        "vaultUri": str,
        "hsmPoolResourceId": str,
        "enabledForDeployment": bool,
        "enabledForDiskEncryption": bool,
        "enabledForTemplateDeployment": bool,
        "enableSoftDelete": bool,
        "softDeleteRetentionInDays": int,
        "enableRbacAuthorization": bool,
        "createMode": str,
        "enablePurgeProtection": bool,
        "networkAcls": ANYTHING,
        "provisioningState": str,
        "privateEndpointConnections": ANYTHING,
        "publicNetworkAccess": str,
    },
}
_POLICIES_SHAPE = _ENVELOPE | {"properties": {"accessPolicies": [_POLICY]}}
_READ_ONLY = ("vaultUri", "provisioningState", "privateEndpointConnections", "hsmPoolResourceId")

vaults = Provider(
    TYPE,
    (
        "2019-09-01",
        "2021-10-01",
        "2022-07-01",
        "2023-02-01",
        "2023-07-01",
        "2024-11-01",
        "2025-05-01",
        "2026-02-01",
        "2026-05-15",
    ),
)


vaults.serves_reads()


@vaults.serves("PUT", _ONE, action="write")
def put_vault(call: Call) -> Response:
    """Create a vault, or write all of the one that is there."""
    call.require_group()
    body = call.content(_SHAPE)
    found = call.world.resources.get(call.path)
    if found is not None:
        return _write(call, found, body)
    return _create(call, body)


@vaults.serves("PATCH", _ONE, action="write")
def patch_vault(call: Call) -> Response:
    """Merge into a vault; its access policies are replaced where they are named."""
    return _write(call, call.resource(call.path), call.content(_SHAPE))


@vaults.serves("DELETE", _ONE, action="delete")
def delete_vault(call: Call) -> Response:
    """Delete a vault. Soft deletion is not kept."""
    known = call.world.resources.get(call.path) is not None
    call.world.resources.remove(call.path)
    return Response(status_code=200 if known else 204)


@vaults.serves("PUT", f"{_ONE}/accessPolicies/{{kind}}", action="accessPolicies/write")
def update_policies(call: Call) -> Response:
    """Add, replace or remove access policies."""
    kind = call.parameters["kind"].lower()
    if kind not in ("add", "replace", "remove"):
        raise errors.RouteNotFound(call.path)
    vault = call.resource(re.split("/accessPolicies/", call.path, flags=re.IGNORECASE)[0])
    given = (call.content(_POLICIES_SHAPE).get("properties") or {}).get("accessPolicies") or []
    properties = vault.document["properties"]
    _check_policies(given, properties["tenantId"])
    properties["accessPolicies"] = rules.changed_policies(properties["accessPolicies"], kind, given)
    vault.document["systemData"] |= touched(call.principal.app_id)
    return JSONResponse(
        {
            "id": f"{vault.id}/accessPolicies/",
            "type": f"{TYPE}/accessPolicies",
            "location": vault.document["location"],
            "properties": {"accessPolicies": properties["accessPolicies"]},
        }
    )


@vaults.serves("GET", f"{_ONE}/secrets", action="secrets/read")
def list_secrets(call: Call) -> Response:
    """List the vault's secrets, without their values."""
    vault = call.resource(call.path.rpartition("/")[0])
    names = vault.hidden.get("secrets", {})
    return JSONResponse({"value": [_secret(vault, name) for name in names]})


@vaults.serves("GET", f"{_ONE}/secrets/{{secret}}", action="secrets/read")
def get_secret(call: Call) -> Response:
    """Read what is known of a secret but its value."""
    vault = call.resource(re.split("/secrets/", call.path, flags=re.IGNORECASE)[0])
    name = call.parameters["secret"]
    if rules.find_version(vault, name) is None:
        raise errors.NotFound(call.path)
    return JSONResponse(_secret(vault, name))


def _create(call: Call, body: dict[str, Any]) -> Response:
    name, properties = call.parameters["name"], body.get("properties") or {}
    if not _NAME.fullmatch(name):
        raise errors.InvalidParameter(f"The vault name '{name}' is invalid.")
    if not (body.get("location") and properties.get("tenantId") and properties.get("sku")):
        raise errors.InvalidParameter("A vault needs a location, a tenantId and a sku.")
    if any(one.name.lower() == name.lower() for one in call.world.resources.of_type(TYPE)):
        raise errors.NameTaken(name)
    arm_id = (
        f"/subscriptions/{call.parameters['subscription']}"
        f"/resourceGroups/{call.parameters['group']}{_UNDER}/{name}"
    )
    made = Resource(rules.blank(arm_id, body["location"], properties["tenantId"]))
    by_roles = call.api_version >= _RBAC_BY_DEFAULT
    made.document["properties"]["enableRbacAuthorization"] = by_roles
    made.document["systemData"] = created(call.principal.app_id)
    answer = _write(call, made, body)
    call.world.resources.put(made)
    return answer


def _write(call: Call, vault: Resource, body: dict[str, Any]) -> Response:
    given = copy.deepcopy(body.get("properties") or {})
    properties = vault.document["properties"]
    _check_policies(given.get("accessPolicies") or [], properties["tenantId"])
    properties |= {
        name: value for name, value in given.items() if value is not None and name not in _READ_ONLY
    }
    if body.get("tags") is not None:
        vault.document["tags"] = body["tags"]
    vault.document["systemData"] |= touched(call.principal.app_id)
    return JSONResponse(vault.document)


def _check_policies(policies: list[rules.Policy], tenant_id: str) -> None:
    for policy in policies:
        if not (policy.get("objectId") and isinstance(policy.get("permissions"), dict)):
            raise errors.InvalidParameter("An access policy needs an objectId and permissions.")
        if str(policy.get("tenantId")).lower() != tenant_id.lower():
            raise errors.InvalidParameter(
                f"The access policy's tenant '{policy.get('tenantId')}' is not the vault's."
            )


def _secret(vault: Resource, name: str) -> dict[str, Any]:
    version = rules.find_version(vault, name) or {}
    uri = f"{vault.document['properties']['vaultUri']}secrets/{name}"
    return {
        "id": f"{vault.id}/secrets/{name}",
        "name": name,
        "type": f"{TYPE}/secrets",
        "location": vault.document["location"],
        "properties": {
            "attributes": version["attributes"],
            "contentType": version["contentType"],
            "secretUri": uri,
            "secretUriWithVersion": f"{uri}/{version['version']}",
        },
    }
