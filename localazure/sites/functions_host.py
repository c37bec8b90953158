"""The Azure Functions host: keys, and a function with an empty response.

`/runtime/webhooks/signalr` requires the extension's system key (or the master key) regardless of
built-in authentication. Source: azure-functions-host, ExtensionsController; with a token
accepted by Easy Auth and without the key, users see 403
(Azure/Azure-Functions#2531, azure-functions-signalrservice-extension#294).
"""

from __future__ import annotations

import hmac

from localazure.arm.resources import Resource
from localazure.sites.easy_auth import is_authenticated
from localazure.sites.messages import SiteAnswer, SiteRequest
from localazure.world import World

WEBHOOKS = "/runtime/webhooks/"
API = "/api/"
_SYSTEM_KEY = "{extension}_extension"
_KEY_HEADER = "x-functions-key"
_NOT_FOUND = SiteAnswer(404, refused_by="no such function")


def answer(world: World, site: Resource, request: SiteRequest) -> SiteAnswer:
    """Return the response of a Function App's host; a Web App accepts every request."""
    if "functionapp" not in str(site.document.get("kind") or "").lower():
        return SiteAnswer(200)
    path = request.path.lower()
    if path.startswith(WEBHOOKS):
        return _webhook(world, site, request, path.removeprefix(WEBHOOKS).partition("/")[0])
    if path.startswith(API):
        return _function(site, request, path.removeprefix(API))
    return SiteAnswer(200) if path == "/" else _NOT_FOUND


def _webhook(world: World, site: Resource, request: SiteRequest, extension: str) -> SiteAnswer:
    keys = site.hidden["keys"]
    system_key = keys["systemKeys"].get(_SYSTEM_KEY.format(extension=extension))
    if system_key is None:
        return _NOT_FOUND
    if _has_key(request, system_key, keys["masterKey"]):
        return SiteAnswer(200)
    status = 403 if is_authenticated(world, site, request) else 401
    return SiteAnswer(status, refused_by="system key of the extension")


def _function(site: Resource, request: SiteRequest, path: str) -> SiteAnswer:
    functions = {name.lower(): one for name, one in site.hidden["functions"].items()}
    if not functions:
        return SiteAnswer(200)
    found = next((one for name, one in functions.items() if _serves(name, one, path)), None)
    if found is None or found.get("isDisabled"):
        return _NOT_FOUND
    keys, level = site.hidden["keys"], str(found.get("authLevel", "function")).lower()
    accepted = [keys["masterKey"]]
    if level == "function":
        accepted += keys["functionKeys"].values()
    if level == "anonymous" or _has_key(request, *accepted):
        return SiteAnswer(200)
    return SiteAnswer(401, refused_by=f"{level} key")


def _serves(name: str, function: dict[str, str], path: str) -> bool:
    route = str(function.get("route") or name).lower().strip("/").split("/")
    parts = path.strip("/").split("/")
    return len(route) == len(parts) and all(
        one.startswith("{") or one == other for one, other in zip(route, parts, strict=True)
    )


def _has_key(request: SiteRequest, *keys: str) -> bool:
    given = (request.query("code") or request.headers.get(_KEY_HEADER, "")).encode()
    return any(hmac.compare_digest(given, key.encode()) for key in keys)
