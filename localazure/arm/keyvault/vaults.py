"""Vaults in Resource Manager: all synchronous except purge. Secret values are not shown here."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.keyvault import deleted_vaults, policies
from localazure.arm.keyvault.vault_document import (
    API_VERSIONS,
    SERVICE_HEADERS,
    TYPE,
    blank,
    fill_defaults,
    merge_properties,
    registering,
)
from localazure.arm.resources import Resource, created, touched
from localazure.arm.routing import GROUP, SUBSCRIPTION, Call, Provider
from localazure.arm.schema import ANYTHING

_UNDER = f"/providers/{TYPE}"
_ONE = f"{GROUP}{_UNDER}/{{name}}"
_NAME = re.compile(r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]")

_ENVELOPE = {"id": str, "name": str, "type": str, "location": str, "tags": ANYTHING}
_SHAPE = _ENVELOPE | {
    "systemData": ANYTHING,
    "properties": {
        "tenantId": str,
        "sku": {"family": str, "name": str},
        "accessPolicies": [policies.SHAPE],
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
_POLICIES_SHAPE = _ENVELOPE | {"properties": {"accessPolicies": [policies.SHAPE]}}

vaults = Provider(TYPE, API_VERSIONS, headers=SERVICE_HEADERS)


@vaults.serves("GET", f"{SUBSCRIPTION}{_UNDER}", action="read")
@vaults.serves("GET", f"{GROUP}{_UNDER}", action="read")
def list_vaults(call: Call) -> Response:
    """List the vaults by name. As recorded, each page but an empty one names a next page."""
    query = call.request.query_params
    after = _after(query.get("$skiptoken"))
    size = int(query["$top"]) if query.get("$top", "").isdecimal() else call.world.page_size
    found = sorted(call.world.resources.of_type(TYPE, call.scope), key=lambda one: one.name)
    page = [one for one in found if one.name > after][:size]
    shown = [call.versions.shown(vault.document, call.api_version) for vault in page]
    body: dict[str, Any] = {"value": shown}
    if page:
        token = base64.b64encode(page[-1].name.encode("utf-8")).decode("ascii")
        body["nextLink"] = call.link(call.path, **{"$skiptoken": token})
    return JSONResponse(body)


@vaults.serves("GET", _ONE, action="read")
def get_vault(call: Call) -> Response:
    """Read one vault."""
    return call.json(call.resource(call.path).document)


@vaults.serves("PUT", _ONE, action="write")
def put_vault(call: Call) -> Response:
    """Create or recover a vault, or write all of an existing one."""
    body = call.content(_SHAPE)
    found = call.world.resources.get(call.path)
    if found is not None:
        return _write(call, found, body)
    _check_new(call, body)
    properties, arm_id = body["properties"], _id(call)
    deleted = deleted_vaults.find_by_name(call.world.resources, call.parameters["name"])
    if deleted is not None:
        return _recover(call, deleted, body)
    made = Resource(blank(arm_id, body["location"], properties["tenantId"]))
    made.document["systemData"] = created(call.principal.app_id)
    fill_defaults(made.document["properties"], call.api_version)
    answer = _write(call, made, body)
    call.world.resources.put(made)
    return answer if _recovers(body) else call.json(registering(made.document))


@vaults.serves("PATCH", _ONE, action="write")
def patch_vault(call: Call) -> Response:
    """Merge into a vault; its access policies are replaced where they are given."""
    return _write(call, call.resource(call.path), call.content(_SHAPE))


@vaults.serves("DELETE", _ONE, action="delete")
def delete_vault(call: Call) -> Response:
    """Delete a vault, which can be recovered: 200, or 204 where there is none."""
    found = call.world.resources.get(call.path)
    if found is None:
        return Response(status_code=204)
    deleted_vaults.delete(call.world.resources, found)
    return Response(status_code=200)


@vaults.serves("PUT", f"{_ONE}/accessPolicies/{{kind}}", action="accessPolicies/write")
def update_policies(call: Call) -> Response:
    """Add, replace or remove access policies."""
    kind = call.parameters["kind"].lower()
    if kind not in policies.KINDS:
        raise errors.RouteNotFound(call.path)
    vault = call.resource(re.split("/accessPolicies/", call.path, flags=re.IGNORECASE)[0])
    given = (call.content(_POLICIES_SHAPE).get("properties") or {}).get("accessPolicies") or []
    properties = vault.document["properties"]
    policies.check(given, properties["tenantId"])
    properties["accessPolicies"] = policies.changed(properties["accessPolicies"], kind, given)
    vault.document["systemData"] |= touched(call.principal.app_id)
    return JSONResponse(
        {
            "id": f"{vault.id}/accessPolicies/",
            "type": f"{TYPE}/accessPolicies",
            "location": vault.document["location"],
            "properties": {"accessPolicies": properties["accessPolicies"]},
        }
    )


@vaults.serves(
    "POST", f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/checkNameAvailability", action="read"
)
def check_name(call: Call) -> Response:
    """Return whether a vault name is valid, and free in all of Azure."""
    name = call.content({"name": str, "type": str}).get("name") or ""
    if not _NAME.fullmatch(name):
        message = f"The vault name '{name}' is invalid."
        return JSONResponse(
            {"nameAvailable": False, "reason": "AccountNameInvalid", "message": message}
        )
    if _is_taken(call, name) or deleted_vaults.find_by_name(call.world.resources, name):
        message = (
            f"The vault name '{name}' is already in use. Vault names are globally unique, and the "
            "name of a deleted vault stays in use until the vault is purged."
        )
        return JSONResponse({"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return JSONResponse({"nameAvailable": True})


def _check_new(call: Call, body: dict[str, Any]) -> None:
    name, properties = call.parameters["name"], body.get("properties") or {}
    if not _NAME.fullmatch(name):
        raise errors.InvalidParameter(f"The vault name '{name}' is invalid.")
    if not (body.get("location") and properties.get("tenantId") and properties.get("sku")):
        raise errors.InvalidParameter("A vault requires a location, a tenantId and a sku.")
    if _is_taken(call, name):
        raise errors.NameTaken(name)


def _recover(call: Call, deleted: Resource, body: dict[str, Any]) -> Response:
    """Undo a deletion if the request asks for it. Raises VaultDeleted."""
    if not _recovers(body):
        raise deleted_vaults.VaultDeleted
    recovered = deleted_vaults.recover(call.world.resources, deleted)
    return _write(call, recovered, body)


def _write(call: Call, vault: Resource, body: dict[str, Any]) -> Response:
    given, properties = body.get("properties") or {}, vault.document["properties"]
    policies.check(given.get("accessPolicies") or [], properties["tenantId"])
    merge_properties(properties, given)
    if body.get("tags") is not None:
        vault.document["tags"] = body["tags"]
    vault.document["systemData"] |= touched(call.principal.app_id)
    return call.json(vault.document)


def _recovers(body: dict[str, Any]) -> bool:
    return str(body["properties"].get("createMode")).lower() == "recover"


def _is_taken(call: Call, name: str) -> bool:
    return call.world.resources.named(TYPE, name) is not None


def _id(call: Call) -> str:
    named = call.parameters
    group = f"/subscriptions/{named['subscription']}/resourceGroups/{named['group']}"
    return f"{group}{_UNDER}/{named['name']}"


def _after(token: str | None) -> str:
    """Return the name after which a page starts, as its token says."""
    try:
        return base64.b64decode(token or "", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise errors.InvalidParameter(f"The $skiptoken '{token}' is not valid.") from error
