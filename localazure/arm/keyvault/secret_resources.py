"""A vault's secrets as Resource Manager shows them: without their values."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.keyvault.errors import SecretNotFound
from localazure.arm.keyvault.secrets import Secrets
from localazure.arm.keyvault.vault_document import API_VERSIONS, SERVICE_HEADERS, TYPE
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, Call, Provider
from localazure.arm.schema import ANYTHING

_SECRETS = f"{GROUP}/providers/{TYPE}/{{name}}/secrets"
_SHAPE = {
    "tags": ANYTHING,
    "properties": {"value": str, "contentType": str, "attributes": ANYTHING},
}

vault_secrets = Provider(TYPE, API_VERSIONS, headers=SERVICE_HEADERS)


@vault_secrets.serves("GET", _SECRETS, action="secrets/read")
def list_secrets(call: Call) -> Response:
    """List the vault's secrets."""
    vault = call.resource(call.path.rpartition("/")[0])
    return JSONResponse({"value": [_secret(vault, name) for name in Secrets(vault).names()]})


@vault_secrets.serves("GET", f"{_SECRETS}/{{secret}}", action="secrets/read")
def get_secret(call: Call) -> Response:
    """Read a secret. Raises NotFound."""
    return JSONResponse(_secret(_vault(call), call.parameters["secret"]))


@vault_secrets.serves("PUT", f"{_SECRETS}/{{secret}}", action="secrets/write")
def put_secret(call: Call) -> Response:
    """Write a new version of a secret, as templates do."""
    vault, name, body = _vault(call), call.parameters["secret"], call.content(_SHAPE)
    given = body.get("properties") or {}
    Secrets(vault).set(
        name,
        given.get("value") or "",
        tags=body.get("tags"),
        contentType=given.get("contentType"),
        attributes=given.get("attributes"),
    )
    return JSONResponse(_secret(vault, name))


def _vault(call: Call) -> Resource:
    return call.resource(re.split("/secrets/", call.path, flags=re.IGNORECASE)[0])


def _secret(vault: Resource, name: str) -> dict[str, Any]:
    try:
        version = Secrets(vault).find(name)
    except SecretNotFound as error:
        raise errors.NotFound(f"{vault.id}/secrets/{name}") from error
    uri = f"{vault.document['properties']['vaultUri']}secrets/{version['name']}"
    return {
        "id": f"{vault.id}/secrets/{version['name']}",
        "name": version["name"],
        "type": f"{TYPE}/secrets",
        "location": vault.document["location"],
        "tags": version["tags"] or {},
        "properties": {
            "attributes": version["attributes"],
            "contentType": version["contentType"],
            "secretUri": uri,
            "secretUriWithVersion": f"{uri}/{version['version']}",
        },
    }
