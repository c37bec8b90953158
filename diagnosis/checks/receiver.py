"""Whether the endpoint of a template accepts the tokens that the template requests.

For Signalman's own receiver the requirements are compared event by event; those of other endpoints
cannot be seen.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, cast

from arm.instance_state import TemplateState
from diagnosis.checks.token_resource import PERMISSION_FIX
from diagnosis.checks.webhook_key import is_static_web_app
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.receiver_addresses import Target, target_of
from diagnosis.sample_events import events_of
from upstreams.function_apps.instance_requests import tenant_of
from upstreams.receiver.protocol.requests import Category, Route
from upstreams.token_requests import resources as token_resources
from upstreams.token_requests.data_planes import DataPlane, data_planes_at
from upstreams.token_requests.versions import (
    VERSION_SETTING,
    client_id_in,
    configured_version,
    issuer_of,
)
from upstreams.url_templates.patterns import Event, expand
from validation.policy import V1_ISSUER


class Mismatch(NamedTuple):
    """A reason why the receiver refuses a template's requests, and what to do."""

    evidence: str
    fix: str


def check_receiver(
    index: int, template: TemplateState, context: Context, event: Event | None = None
) -> Finding:
    """Compare the audience of a template's tokens with what its endpoint accepts.

    Checks `event`, or by default every event that the template is the first to match.
    """
    key = f"templates[{index}].receiver"
    title = f"The endpoint of template {index + 1} accepts its tokens"
    if planes := data_planes_at(template.url_template):
        return _data_plane(key, title, template, planes)
    targets = {
        each: target_of(expand(template.url_template, *each))
        for each in (events_of(context.effective.templates, index) if event is None else [event])
    }
    if not targets:
        return unknown(
            key, title, "No event matches the template.", "Correct the patterns of the template."
        )
    if is_static_web_app(template.url_template):
        return unknown(
            key,
            title,
            "The URL is that of a Static Web App. It replaces the Authorization header of requests "
            "to its managed functions, so they do not receive the token.",
            "Send the events to a separate Function App.",
        )
    if why := _why_not_ours(targets.values()):
        return unknown(
            key,
            title,
            f"{why}, so Signalman cannot see which tokens the endpoint accepts.",
            _instructions(template, context),
        )
    for each, target in targets.items():
        found = _of_address(template, target, context) or _of_token(template, each, context)
        if found is not None:
            return failed(key, title, *found)
    return _accepted(key, title, template, context)


def _accepted(key: str, title: str, template: TemplateState, context: Context) -> Finding:
    """Return the finding on a template whose tokens are accepted, if their version is known."""
    resource = template.resource or ""
    expected = context.expected_token(resource)
    if expected is not None:
        return passed(
            key,
            title,
            f"The receiver accepts tokens with the audience {expected.audience} and the issuer "
            f"{expected.issuer}.",
        )
    configured = configured_version()
    return unknown(
        key,
        title,
        f"The receiver accepts v{configured[0]} tokens for {resource}. Signalman does not know "
        f"which version Entra issues; the app registration determines it ({VERSION_SETTING}).",
        PERMISSION_FIX.format(instance=context.instance),
    )


def _why_not_ours(targets: Collection[Target]) -> str:
    """Return why the endpoint is not Signalman's receiver; empty where it is."""
    if not all(target.is_ours for target in targets):
        return "The host of the URL is not a host name of this receiver"
    if not all(target.instance for target in targets):
        return "The path of the URL is not that of the receiver"
    return ""


def _instructions(template: TemplateState, context: Context) -> str:
    """Return what the code at another endpoint has to require."""
    tenant, resource = tenant_of(context.instance), template.resource or ""
    expected = context.expected_token(resource)
    if expected is not None:
        token = f"the issuer {expected.issuer} and the audience {expected.audience}"
    else:
        token = (
            f"the issuer {issuer_of('1.0', tenant)} and the audience {resource} if the app "
            f"registration requests v1 tokens, or the issuer {issuer_of('2.0', tenant)} and the "
            "audience the application's client ID if it requests v2 tokens,"
        )
    principal = context.instance.identity.principal_id or "the principal ID of the identity"
    return (
        f"Check the code of the endpoint: it must require {token} and "
        f"the object ID (oid) {principal}. If the endpoint is a Function App, import it: "
        "manage.py import_instances. If Signalman should receive the events, end the URL with "
        f"/upstream/{context.instance}/ and add the host to SIGNALMAN_RECEIVER_HOSTS."
    )


def _of_address(template: TemplateState, target: Target, context: Context) -> Mismatch | None:
    fix = f"End the URL with /upstream/{context.instance}/."
    if target.instance == context.instance.name.lower():
        if target.has_slash:
            return None
        return Mismatch("The URL has no final slash, which the receiver requires.", fix)
    written = target_of(template.url_template).instance
    if "{" in written:
        return Mismatch(
            f"The URL has {written} in place of the instance's name, so the receiver refuses the "
            "requests.",
            fix,
        )
    return Mismatch(
        f"The URL is that of the instance {target.instance}. There, the receiver refuses tokens of "
        "this instance.",
        fix,
    )


def _of_token(template: TemplateState, event: Event, context: Context) -> Mismatch | None:
    resource, tenant = template.resource or "", tenant_of(context.instance)
    if template.auth_type != "ManagedIdentity":
        return Mismatch(
            "The requests carry no token, so the receiver refuses them.",
            "Set the template's authentication to managed identity, with a resource.",
        )
    if reason := token_resources.problem(resource):
        return Mismatch(reason, "Use an app registration of your own tenant as the resource.")
    expected = context.expected_token(resource)
    audience = expected.audience if expected else resource
    if expected is None and configured_version() == "2.0":
        audience = client_id_in(resource) or ""
        if audience != resource.lower():
            return _never_in_v2(resource)
    issuer = expected.issuer if expected else issuer_of(configured_version(), tenant)
    route = Route(event.hub, cast("Category", event.category), event.event, "")
    if context.policy.accepts(route, issuer, audience):
        return None
    accepted = context.policy.audiences(route)
    return Mismatch(
        f"The audience of the tokens is {audience}. The receiver accepts "
        f"{' or '.join(sorted(accepted)) or 'none'}.",
        f"Set the template's resource to {audience}.",
    )


def _never_in_v2(resource: str) -> Mismatch:
    client_id = client_id_in(resource)
    named = client_id or "the client ID of the application (see manage.py applications)"
    return Mismatch(
        "SIGNALMAN_TOKEN_ISSUER requires v2 tokens. Their audience is always the client ID of the "
        f"application, never {resource}, so the receiver refuses every request.",
        f"Set the template's resource to {named}. Or use the v1 issuer, {V1_ISSUER}, with an app "
        "registration that issues v1 tokens.",
    )


def _data_plane(
    key: str, title: str, template: TemplateState, planes: tuple[DataPlane, ...]
) -> Finding:
    """Compare the resource with what the Azure service at the URL requires."""
    requested = (template.resource or "").rstrip("/")
    for plane in planes:
        if plane.resource.rstrip("/") == requested:
            return passed(key, title, f"{plane.service} requires the resource {plane.resource}.")
    required = " or ".join(f"{plane.resource} for {plane.service}" for plane in planes)
    return failed(
        key,
        title,
        f"The URL is that of an Azure service, which does not accept tokens for "
        f"{requested or 'an empty resource'}.",
        f"Set the resource to {required}. See {planes[0].source}.",
    )
