"""The signed requests that instances send to a Function App, from the rows of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from arm.state import TemplateState
from identities.models import ManagedIdentity, SignalRInstance
from upstreams.function_app_authentication import Caller, SignedRequests, host_of
from upstreams.models import FunctionApp, UpstreamTemplate
from validation.configuration import configuration


def signed_requests_to(
    app: FunctionApp, instance: SignalRInstance, templates: Iterable[TemplateState]
) -> SignedRequests:
    """Return the signed requests that `instance` sends to `app` with these templates."""
    signed = [
        template
        for template in templates
        if template.resource and host_of(template.url_template) in app.hosts
    ]
    resources = [template.resource for template in signed if template.resource]
    return SignedRequests(
        issuer=configuration().issuer.format(tenant_id=tenant_of(instance)),
        resources=tuple(dict.fromkeys(resources)),
        callers=(caller_of(instance),) if resources else (),
        url_templates=tuple(template.url_template for template in signed),
    )


def signed_requests_by_instance(app: FunctionApp) -> dict[SignalRInstance, SignedRequests]:
    """Return the signed requests that each instance sends to `app`."""
    rows = UpstreamTemplate.objects.signed().select_related(
        "instance__subscription", "instance__identity__user_assigned"
    )
    templates: defaultdict[SignalRInstance, list[TemplateState]] = defaultdict(list)
    for row in rows.order_by("instance__name", "position", "pk").pointing_at(app.hosts):
        templates[row.instance].append(row.state)
    return {
        instance: signed_requests_to(app, instance, each) for instance, each in templates.items()
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
    return Caller(_text(identity.principal_id) if is_system_assigned else None)


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
