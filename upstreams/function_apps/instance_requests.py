"""The signed requests that instances send to a Function App, from the rows of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from arm.function_apps.authentication import FunctionAppAuth
from arm.instance_state import TemplateState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from upstreams.function_apps.signed_requests import Caller, Mismatch, SignedRequests
from upstreams.models import FunctionApp, TokenResource, UpstreamTemplate
from upstreams.token_requests.versions import (
    VERSION_SETTING,
    Registration,
    Registrations,
    TokenVersion,
    configured_version,
    equivalent_issuers,
    expected_token,
    issuer_of,
)
from upstreams.url_templates.hosts import host_of


def signed_requests_to(
    app: FunctionApp,
    instance: SignalRInstance,
    templates: Iterable[TemplateState],
    registrations: Registrations | None = None,
) -> SignedRequests:
    """Return the signed requests that `instance` sends to `app` with these templates.

    `registrations` are the known ones; they are read where they are not given.
    """
    signed = [
        template
        for template in templates
        if template.resource and host_of(template.url_template) in app.hosts
    ]
    resources = tuple(dict.fromkeys(each.resource for each in signed if each.resource))
    tenant_id = tenant_of(instance)
    if registrations is None and resources:
        registrations = TokenResource.objects.naming(tenant_id, resources).registrations()
    known = registrations or {}
    found = {each: known.get((tenant_id, each)) for each in resources}
    callers = (caller_of(instance),) if resources else ()
    requests = _signed_requests(
        found,
        tenant_id,
        callers=callers,
        url_templates=tuple(template.url_template for template in signed),
    )
    if app.auth is None or not any(each.client_id is None for each in callers):
        return requests
    return replace(requests, other_client_ids=_of_others(app.auth, tenant_id))


def _of_others(auth: FunctionAppAuth, tenant_id: UUID) -> frozenset[str]:
    """Return the listed client IDs that are known not to be that of a system-assigned identity.

    Those are the IDs of app registrations and of user-assigned identities, and what is no ID.
    """
    listed = {*auth.allowed_applications, *auth.allowed_clients}
    ids = {each: client_id for each in listed if (client_id := _guid(each))}
    if not listed:
        return frozenset()
    registered = TokenResource.objects.filter(
        tenant_id=tenant_id, kind=TokenResource.Kind.APPLICATION, client_id__in=ids.values()
    ).values_list("client_id", flat=True)
    assigned = UserAssignedIdentity.objects.filter(client_id__in=ids.values()).values_list(
        "client_id", flat=True
    )
    known = {_guid(auth.client_id), *registered, *assigned}
    return frozenset(each.lower() for each in listed if each not in ids or ids[each] in known)


def _guid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _signed_requests(
    found: Mapping[str, Registration | None],
    tenant_id: UUID,
    *,
    callers: tuple[Caller, ...],
    url_templates: tuple[str, ...],
) -> SignedRequests:
    """Return the requests for these resources, as far as their registrations are known."""
    tokens = [
        expected_token(resource, registration, tenant_id)
        for resource, registration in found.items()
        if registration is not None
    ]
    versions = {token.version for token in tokens}
    undecided = None
    if unread := [resource for resource, each in found.items() if each is None]:
        undecided = _unknown_version(unread)
    elif len(versions) > 1:
        undecided = _two_versions(found)
    version = versions.pop() if len(versions) == 1 else configured_version()
    client_ids = {each.client_id for each in found.values() if each is not None}
    return SignedRequests(
        issuer=issuer_of(version, tenant_id),
        audiences=() if undecided else tuple(dict.fromkeys(each.audience for each in tokens)),
        callers=callers,
        url_templates=url_templates,
        accepted_issuers=frozenset[str]().union(
            *(equivalent_issuers(each, tenant_id) for each in _possible(undecided, version))
        ),
        client_id=client_ids.pop() if len(client_ids) == 1 and not undecided else "",
        undecided=undecided,
    )


def _possible(undecided: Mismatch | None, version: TokenVersion) -> tuple[TokenVersion, ...]:
    """Return the versions that the tokens may have."""
    return ("1.0", "2.0") if undecided else (version,)


def _unknown_version(resources: Iterable[str]) -> Mismatch:
    named = ", ".join(resources)
    return Mismatch(
        "token_version_unknown",
        f"It is not known whether the tokens for {named} are v1 or v2, so neither are the issuer "
        "and the audience that the app must accept. The app registration decides it "
        f"({VERSION_SETTING}).",
        "Grant Signalman's credential Microsoft Graph's application permission "
        "Application.Read.All, then refresh. Nothing is planned until then.",
        is_fixable=False,
        is_certain=False,
    )


def _two_versions(found: Mapping[str, Registration | None]) -> Mismatch:
    each = " and ".join(
        f"v{registration.version[0]} tokens for {resource}"
        for resource, registration in found.items()
        if registration is not None
    )
    return Mismatch(
        "token_versions_differ",
        f"Templates send it {each}. An app accepts one issuer, so it refuses some of them.",
        f"Use one resource for all templates, or set {VERSION_SETTING} of the app registrations "
        "to one version.",
        is_fixable=False,
    )


def signed_requests_by_instance(app: FunctionApp) -> dict[SignalRInstance, SignedRequests]:
    """Return the signed requests that each instance sends to `app`."""
    rows = UpstreamTemplate.objects.signed().select_related(
        "instance__subscription", "instance__identity__user_assigned"
    )
    templates: defaultdict[SignalRInstance, list[TemplateState]] = defaultdict(list)
    for row in rows.order_by("instance__name", "position", "pk").pointing_at(app.hosts):
        templates[row.instance].append(row.state)
    registrations = TokenResource.objects.used().registrations() if templates else {}
    return {
        instance: signed_requests_to(app, instance, each, registrations)
        for instance, each in templates.items()
    }


def caller_of(instance: SignalRInstance) -> Caller:
    """Return the identity whose tokens the instance's requests carry, as far as it is known.

    A system-assigned identity that is not created yet has no principal.
    """
    identity = instance.identity
    if identity.user_assigned is not None:
        user_assigned = identity.user_assigned
        return Caller(_text(user_assigned.principal_id), _text(user_assigned.client_id))
    is_system_assigned = _observed_type(instance) == ManagedIdentity.Type.SYSTEM_ASSIGNED
    if not is_system_assigned:
        return Caller()
    return Caller(_text(identity.principal_id), _text(identity.client_id))


def tenant_of(instance: SignalRInstance) -> UUID:
    """Return the tenant that issues the tokens of the instance's identity."""
    return instance.identity.tenant_id or instance.subscription.tenant_id


def is_same_tenant(app: FunctionApp, instance: SignalRInstance) -> bool:
    """Return whether the app is in the tenant of the instance, so that one issuer serves both."""
    return app.subscription.tenant_id == tenant_of(instance)


def _observed_type(instance: SignalRInstance) -> str | None:
    identity = (instance.observed or {}).get("identity") or {}
    kind: str | None = identity.get("type")
    return kind


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
