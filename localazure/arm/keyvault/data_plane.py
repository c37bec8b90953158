"""Secrets over HTTP, as azure-keyvault-secrets calls them (api-versions 7.0 to 2025-07-01).

`https://<vault>.vault.azure.net/secrets/...` is `/keyvault/<vault>/secrets/...` on Local Azure's
own address. Sources: recordings of `az keyvault secret` (2023), and Microsoft's Key Vault REST
reference.
"""

from __future__ import annotations

import base64
import bisect
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localazure.arm import errors as arm_errors
from localazure.arm import guard
from localazure.arm.keyvault import access, errors
from localazure.arm.keyvault.secrets import Deleted, Secrets, Version
from localazure.arm.keyvault.vault_document import HOST_SUFFIX, TYPE
from localazure.arm.resources import Resource
from localazure.arm.routing import json_content
from localazure.arm.schema import ANYTHING, check
from localazure.entra.tokens import Principal
from localazure.world import World, world_of

RESOURCE = "https://vault.azure.net"
API_VERSIONS = (
    *("7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6-preview.1", "7.6-preview.2", "7.6"),
    *("7.7-preview.1", "2025-06-01-preview", "2025-07-01", "2026-01-01-preview"),
    *("2026-03-01-preview", "2026-04-01"),
)
_SERVICE_VERSION = "1.9.908.1"
_NETWORK = "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;"
_LARGEST_PAGE = 25
_NAME = re.compile(r"[0-9a-zA-Z-]{1,127}")
_ATTRIBUTES = {"enabled": bool, "nbf": int, "exp": int, "created": int, "updated": int}
_ATTRIBUTES |= {"recoverableDays": int, "recoveryLevel": str}
_UPDATE = {"contentType": str, "attributes": _ATTRIBUTES, "tags": ANYTHING}
_SET = _UPDATE | {"value": str}


@dataclass(frozen=True)
class _Call:
    """One authenticated request to a vault."""

    world: World
    request: Request
    principal: Principal
    vault: Resource
    raw: bytes

    @property
    def name(self) -> str:
        """The secret that the path names."""
        name: str = self.request.path_params.get("name", "")
        return name

    @property
    def version(self) -> str:
        """The version that the path names; empty for the latest."""
        version: str = self.request.path_params.get("version", "")
        return version

    def content(self, shape: Any) -> dict[str, Any]:
        """Return the body. Raises InvalidContent."""
        body = json_content(self.raw)
        if not isinstance(body, dict):
            raise errors.BadParameter("The request content has to be a JSON object.")
        check(body, shape)
        return body

    def secrets(self, operation: str) -> Secrets:
        """Return the vault's secrets if the caller may perform the operation on this one."""
        access.require(self.vault, self.world, self.principal, operation, self.name)
        return Secrets(self.vault)


_Handler = Callable[[_Call], Response]


def _endpoint(handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        world = world_of(request)
        vault = _vault(world, request)
        try:
            principal = _authenticated(world, request)
            access.require_network(vault, _client(request), principal)
            response = handler(_Call(world, request, principal, vault, raw))
        except arm_errors.ArmError as error:
            response = error.response()
        return _labelled(response, vault)

    return endpoint


def list_secrets(call: _Call) -> Response:
    """GET /secrets: names and attributes, without values."""
    secrets = call.secrets("list")
    documents = {
        f"secret/{name.upper()}": _properties(call, secrets.find(name), named_version=False)
        for name in secrets.names()
    }
    return _page(call, documents)


def list_versions(call: _Call) -> Response:
    """GET /secrets/{name}/versions."""
    versions = call.secrets("list").versions(call.name)
    if not versions:
        raise errors.SecretNotFound(call.name)
    key = f"secret/{call.name.upper()}"
    return _page(
        call, {f"{key}/{one['version'].upper()}": _properties(call, one) for one in versions}
    )


def get_secret(call: _Call) -> Response:
    """GET /secrets/{name}[/{version}]: with its value. Raises SecretDisabled."""
    found = call.secrets("get").find(call.name, call.version)
    if not found["attributes"]["enabled"]:
        raise errors.SecretDisabled
    return JSONResponse({"value": found["value"]} | _properties(call, found))


def set_secret(call: _Call) -> Response:
    """PUT /secrets/{name}: a new version."""
    secrets, body = call.secrets("set"), call.content(_SET)
    if not _NAME.fullmatch(call.name):
        raise errors.BadParameter(f"The secret name '{call.name}' is not valid.")
    if body.get("value") is None:
        raise errors.BadParameter("Property value has invalid value\r\n")
    made = secrets.set(call.name, **body)
    return JSONResponse({"value": made["value"]} | _properties(call, made))


def update_secret(call: _Call) -> Response:
    """PATCH /secrets/{name}[/{version}]: attributes, tags and content type."""
    body = call.content(_UPDATE)
    return JSONResponse(
        _properties(call, call.secrets("update").update(call.name, call.version, **body))
    )


def delete_secret(call: _Call) -> Response:
    """DELETE /secrets/{name}: all versions, which can be recovered."""
    return JSONResponse(_deleted(call, call.secrets("delete").delete(call.name)))


def backup_secret(call: _Call) -> Response:
    """POST /secrets/{name}/backup."""
    return JSONResponse({"value": call.secrets("backup").backup(call.name)})


def restore_secret(call: _Call) -> Response:
    """POST /secrets/restore."""
    text = call.content({"value": str}).get("value") or ""
    return JSONResponse(_properties(call, call.secrets("restore").restore(text)))


def list_deleted(call: _Call) -> Response:
    """GET /deletedsecrets."""
    secrets = call.secrets("list")
    documents = {
        f"secret/{name.upper()}": _deleted(call, secrets.find_deleted(name), named_version=False)
        for name in secrets.deleted_names()
    }
    return _page(call, documents)


def get_deleted(call: _Call) -> Response:
    """GET /deletedsecrets/{name}."""
    return JSONResponse(_deleted(call, call.secrets("get").find_deleted(call.name)))


def purge_deleted(call: _Call) -> Response:
    """DELETE /deletedsecrets/{name}: purge, irreversibly."""
    call.secrets("purge").purge(call.name)
    return Response(status_code=204)


def recover_deleted(call: _Call) -> Response:
    """POST /deletedsecrets/{name}/recover."""
    return JSONResponse(_properties(call, call.secrets("recover").recover(call.name)))


def _vault(world: World, request: Request) -> Resource:
    vault = world.resources.named(TYPE, request.path_params["vault"])
    if vault is None:
        # In Azure, such a host name does not resolve.
        raise arm_errors.RouteNotFound(request.url.path)
    return vault


def _authenticated(world: World, request: Request) -> Principal:
    """Return the token's principal. Raises Unauthorized with a challenge for the client."""
    authority = f"{world.base_url}/{world.directory.tenant_id}"
    challenge = f'Bearer authorization="{authority}", resource="{RESOURCE}"'
    try:
        token = request.headers.get("authorization", "")
        principal = guard.authenticate(world, token, (RESOURCE, f"{RESOURCE}/"))
    except arm_errors.TokenMissing as error:
        message = "AKV10000: Request is missing a Bearer or PoP token."
        raise errors.Unauthorized(message, {"WWW-Authenticate": challenge}) from error
    except arm_errors.Unauthenticated as error:
        # The number that the service gives to each token error is not documented.
        message = f"[TokenValidationFailed] Error validating token: {error}"
        raise errors.Unauthorized(message, {"WWW-Authenticate": challenge}) from error
    version = request.query_params.get("api-version", "")
    if version not in API_VERSIONS:
        raise errors.BadParameter(
            f"Method {request.method} does not allow api-version '{version}'. The supported "
            f"api-versions are '{', '.join(API_VERSIONS)}'."
        )
    return principal


def _client(request: Request) -> str:
    return request.client.host if request.client else "127.0.0.1"


def _properties(call: _Call, version: Version, *, named_version: bool = True) -> dict[str, Any]:
    """Return a version without its value; members that were never set are absent."""
    secrets = Secrets(call.vault)
    uri = f"{call.vault.document['properties']['vaultUri']}secrets/{version['name']}"
    shown = {name: version[name] for name in ("contentType", "tags") if version[name] is not None}
    recovery = {"recoveryLevel": secrets.recovery_level, "recoverableDays": secrets.retention_days}
    return shown | {
        "id": f"{uri}/{version['version']}" if named_version else uri,
        "attributes": version["attributes"] | recovery,
    }


def _deleted(call: _Call, deleted: Deleted, *, named_version: bool = True) -> dict[str, Any]:
    latest = deleted["versions"][-1]
    vault_uri = call.vault.document["properties"]["vaultUri"]
    return {
        "recoveryId": f"{vault_uri}deletedsecrets/{latest['name']}",
        "deletedDate": deleted["deletedDate"],
        "scheduledPurgeDate": deleted["scheduledPurgeDate"],
    } | _properties(call, latest, named_version=named_version)


def _page(call: _Call, documents: dict[str, Any]) -> Response:
    """Answer a page of at most `maxresults` documents, by their keys."""
    size = call.request.query_params.get("maxresults", str(_LARGEST_PAGE))
    if not size.isdecimal() or not 1 <= int(size) <= _LARGEST_PAGE:
        raise errors.BadParameter(f"maxresults has to be from 1 to {_LARGEST_PAGE}.")
    keys = sorted(documents)
    start = _position(keys, call.request.query_params.get("$skiptoken"))
    end = start + int(size)
    link = None
    if end < len(keys):
        query = {"$skiptoken": _skip_token(keys[end])}
        url = call.request.url
        if vault_of_host(url.hostname or "") is not None:
            # The client knows the vault by its host name, not by a path.
            url = url.replace(path=url.path.removeprefix(f"/keyvault/{call.vault.name}"))
        link = str(url.include_query_params(**query))
    return JSONResponse({"value": [documents[key] for key in keys[start:end]], "nextLink": link})


def _skip_token(key: str) -> str:
    """Return the token that names where the next page starts, in the service's own form."""
    entry = f"{len(key):06d}!{key}!000028!9999-12-31T23:59:59.9999999Z!"
    encoded = base64.b64encode(entry.encode("utf-8")).decode("ascii").replace("=", "-")
    content = {"NextMarker": f"2!{len(encoded)}!{encoded}", "TargetLocation": 0}
    text = json.dumps(content, separators=(",", ":")).encode("utf-8")
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode("ascii")


def _position(keys: list[str], token: str | None) -> int:
    if token is None:
        return 0
    try:
        padded = token + "=" * (-len(token) % 4)
        marker: str = json.loads(base64.urlsafe_b64decode(padded))["NextMarker"].split("!", 2)[2]
        key = base64.b64decode(marker.replace("-", "=")).decode("utf-8").split("!")[1]
    except (ValueError, KeyError, IndexError) as error:
        raise errors.BadParameter("The $skiptoken is not valid.") from error
    return bisect.bisect_left(keys, key)


def _labelled(response: Response, vault: Resource) -> Response:
    response.headers.update(
        {
            "Cache-Control": "no-cache",
            "Pragma": "no-cache",
            "Expires": "-1",
            "Strict-Transport-Security": "max-age=31536000;includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            "x-ms-keyvault-network-info": _NETWORK,
            "x-ms-keyvault-region": vault.document["location"],
            "x-ms-keyvault-service-version": _SERVICE_VERSION,
        }
    )
    if response.status_code != 204:  # noqa: PLR2004 (no content)
        response.headers["Content-Type"] = "application/json; charset=utf-8"
    return response


def vault_of_host(host: str) -> str | None:
    """Return the vault that a host name belongs to, such as `contoso.vault.azure.net`."""
    name = host.lower().partition(":")[0]
    return name.removesuffix(HOST_SUFFIX) if name.endswith(HOST_SUFFIX) else None


def _routes(path: str, methods: dict[str, _Handler]) -> list[Route]:
    return [
        Route(f"/keyvault/{{vault}}{path}", _endpoint(handler), methods=[method])
        for method, handler in methods.items()
    ]


ROUTES = [
    *_routes("/secrets", {"GET": list_secrets}),
    *_routes("/secrets/restore", {"POST": restore_secret}),
    *_routes("/secrets/{name}/versions", {"GET": list_versions}),
    *_routes("/secrets/{name}/backup", {"POST": backup_secret}),
    *_routes(
        "/secrets/{name}",
        {"GET": get_secret, "PUT": set_secret, "PATCH": update_secret, "DELETE": delete_secret},
    ),
    *_routes("/secrets/{name}/{version}", {"GET": get_secret, "PATCH": update_secret}),
    *_routes("/deletedsecrets", {"GET": list_deleted}),
    *_routes("/deletedsecrets/{name}", {"GET": get_deleted, "DELETE": purge_deleted}),
    *_routes("/deletedsecrets/{name}/recover", {"POST": recover_deleted}),
]
