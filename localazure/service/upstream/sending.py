"""Send an event upstream: match a template, fill in its URL, sign, and read the answer."""

from __future__ import annotations

from typing import Any, NamedTuple

import aiohttp

from localazure.arm.resources import Resource
from localazure.entra.directory.managed_identities import NoIdentity, principal_of
from localazure.service.instances import SERVERLESS, Instance
from localazure.service.upstream.answers import Answer, client_frame
from localazure.service.upstream.hosts import NotLocal
from localazure.service.upstream.http import post
from localazure.service.upstream.identity_tokens import identity_token
from localazure.service.upstream.request import ClientEvent
from localazure.service.upstream.secrets import SecretUnavailable, read_secret
from localazure.service.upstream.sites import SiteDelivery
from localazure.service.upstream.templates import Template, expand, first_match
from localazure.world import World

# The result that the emulator reports if upstream is unreachable.
_UNREACHABLE = Answer(500)


class Outcome(NamedTuple):
    """The result of an event: the matching template, its URL, the upstream response.

    `matched` is None where no template matches: then nothing is sent and an invocation is never
    answered. `status` is None where there was no answer; `error` says why. `frame` is what the
    client receives, `answer` the upstream body, `refused_by` the part of a site that refused it.
    """

    matched: int | None = None
    url: str | None = None
    status: int | None = None
    frame: bytes | None = None
    error: str | None = None
    answer: bytes = b""
    refused_by: str | None = None


async def send_event(
    world: World,
    http: aiohttp.ClientSession,
    resource: Resource,
    event: ClientEvent,
    token: str | None = None,
) -> Outcome:
    """Send an event upstream, if the instance is in Serverless mode and a template matches.

    `token` is sent instead of the identity's own; an empty one sends none.
    """
    instance = Instance(resource)
    if instance.mode != SERVERLESS:
        return Outcome(
            error=f"The instance is in {instance.mode} mode. Only Serverless mode uses upstream."
        )
    match = first_match(instance.templates, event.hub, event.category, event.event)
    if match is None:
        return Outcome()
    index, template = match
    url = None
    try:
        url = _url(world, resource, template, event)
        bearer = _bearer(world, resource, template) if token is None else token
        headers = event.headers(instance.access_keys, bearer)
        answer = await post(http, url, headers, event.body(), SiteDelivery(world, resource))
    except (
        *(SecretUnavailable, NotLocal, NoIdentity),
        *(aiohttp.ClientError, TimeoutError, ValueError, OverflowError),
    ) as error:
        frame = client_frame(event, _UNREACHABLE)
        return Outcome(index, url, None, frame, str(error) or type(error).__name__)
    frame = client_frame(event, answer)
    refused_by = answer.refused_by
    return Outcome(index, url, answer.status, frame, answer=answer.body, refused_by=refused_by)


def _url(world: World, resource: Resource, template: Template, event: ClientEvent) -> str:
    names = {"hub": event.hub, "category": event.category, "event": event.event}
    return expand(
        template.get("urlTemplate") or "", names, lambda uri: read_secret(world, resource, uri)
    )


def _bearer(world: World, resource: Resource, template: Template) -> str | None:
    auth: dict[str, Any] = template.get("auth") or {"type": "None"}
    if auth.get("type") != "ManagedIdentity":
        return None
    audience = (auth.get("managedIdentity") or {}).get("resource") or ""
    return identity_token(world, principal_of(resource, world.resources), audience)
