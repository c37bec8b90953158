"""The service itself: takes a client's event, sends the upstream request, says what came of it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

from localazure.arm.keyvault import rules as vaults
from localazure.arm.resources import Resource
from localazure.entra.issuing import issue
from localazure.entra.managed import NoIdentity, principal_of
from localazure.entra.tokens import Principal
from localazure.runtime import answers
from localazure.runtime.events import ClientEvent
from localazure.runtime.routing import Template, expand, first_match
from localazure.world import World

# .NET's HttpClient waits this long, and so does the emulator.
TIMEOUT_SECONDS = 100
# What the emulator reports where upstream cannot be reached.
_UNREACHABLE = 500


class NotSent(Exception):
    """The service could not make the request; the text says why."""


@dataclass(frozen=True)
class Outcome:
    """What became of an event: the template that took it, the address, upstream's answer.

    `matched` is None where no template takes the event: then nothing is sent and an invocation is
    never answered. `status` is None where nothing was answered, and `error` says why. `frame` is
    what the client sees, `answer` what upstream said.
    """

    matched: int | None = None
    url: str | None = None
    status: int | None = None
    frame: bytes | None = None
    error: str | None = None
    answer: bytes = b""


def http_client() -> httpx.AsyncClient:
    """Return the client for upstream requests: no proxy, no redirects, the system's CAs."""
    return httpx.AsyncClient(
        trust_env=False, timeout=TIMEOUT_SECONDS, verify=ssl.create_default_context()
    )


async def send(
    world: World,
    http: httpx.AsyncClient,
    instance: Resource,
    event: ClientEvent,
    token: str | None = None,
) -> Outcome:
    """Send an event upstream. `token` is sent instead of the identity's; the empty one is none."""
    templates = instance.document["properties"]["upstream"]["templates"] or []
    match = first_match(templates, event.hub, event.category, event.event)
    if match is None:
        return Outcome()
    index, template = match
    url = None
    try:
        url = _address(world, instance, template, event)
        bearer = _bearer(world, instance, template) if token is None else token
        headers = event.headers(_access_keys(instance), bearer)
        response = await http.post(url, content=event.body(), headers=headers)
    except (NotSent, NoIdentity, httpx.HTTPError, httpx.InvalidURL) as error:
        seen = answers.frame(event, _UNREACHABLE, b"")
        return Outcome(index, url, None, seen, str(error) or type(error).__name__)
    seen = answers.frame(event, response.status_code, response.content)
    return Outcome(index, url, response.status_code, seen, answer=response.content)


def _address(world: World, instance: Resource, template: Template, event: ClientEvent) -> str:
    names = {"hub": event.hub, "category": event.category, "event": event.event}
    url = expand(
        template["urlTemplate"], names, lambda uri: _secret(world, instance, uri.rstrip("/"))
    )
    if not _is_local(_host(url)):
        raise NotSent(f"Local Azure sends to this machine only, and not to '{url}'.")
    return url


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError as error:
        raise NotSent(f"'{url}' is not an address: {error}.") from error


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _bearer(world: World, instance: Resource, template: Template) -> str | None:
    auth: dict[str, Any] = template.get("auth") or {"type": "None"}
    if auth.get("type") != "ManagedIdentity":
        return None
    resource = (auth.get("managedIdentity") or {}).get("resource") or ""
    return issue(world, principal_of(instance, world.resources), resource)


def _access_keys(instance: Resource) -> list[str]:
    if instance.document["properties"]["disableLocalAuth"]:
        return []
    return [instance.hidden["primaryKey"], instance.hidden["secondaryKey"]]


def _secret(world: World, instance: Resource, uri: str) -> str:
    """Read a referenced secret as the instance's identity. Raises NotSent, NoIdentity.

    The real service reads it every 30 minutes; here every event does.
    """
    principal = principal_of(instance, world.resources)
    host, _, path = uri.removeprefix("https://").partition("/")
    _, name, *version = path.split("/")
    found = vaults.find_version(_vault(world, host, principal), name, *version)
    if found is None:
        raise NotSent(f"The secret '{uri}' was not found.")
    value: str = found["value"]
    return value


def _vault(world: World, host: str, principal: Principal) -> Resource:
    name = host.removesuffix(vaults.HOST_SUFFIX).lower()
    for vault in world.resources.of_type(vaults.TYPE):
        if vault.name.lower() == name:
            if vaults.may(vault, world.resources, principal.object_id, "get"):
                return vault
            raise NotSent(
                f"The identity '{principal.object_id}' may not read the secrets of '{host}'."
            )
    raise NotSent(f"There is no vault at '{host}'.")
