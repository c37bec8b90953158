"""What an instance's signed templates demand of a Function App, from the rows of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from arm.state import TemplateState
from identities.models import ManagedIdentity, SignalRInstance
from upstreams.function_app_authentication import Caller, Demand, host_of
from upstreams.models import FunctionApp, UpstreamTemplate
from validation.configuration import configuration


def demand_on(
    app: FunctionApp, instance: SignalRInstance, templates: Iterable[TemplateState]
) -> Demand:
    """Return what the tokens carry that `instance` sends to `app`, with these templates."""
    signed = [
        template
        for template in templates
        if template.resource and host_of(template.url_template) in app.hosts
    ]
    resources = [template.resource for template in signed if template.resource]
    return Demand(
        issuer=configuration().issuer.format(tenant_id=tenant_of(instance)),
        resources=tuple(dict.fromkeys(resources)),
        callers=(caller_of(instance),) if resources else (),
        url_templates=tuple(template.url_template for template in signed),
    )


def demands_on(app: FunctionApp) -> dict[SignalRInstance, Demand]:
    """Return what every instance that sends signed requests to `app` demands of it."""
    rows = UpstreamTemplate.objects.signed().select_related(
        "instance__subscription", "instance__identity__user_assigned"
    )
    templates: defaultdict[SignalRInstance, list[TemplateState]] = defaultdict(list)
    for row in rows.order_by("instance__name", "position", "pk").pointing_at(app.hosts):
        templates[row.instance].append(row.state)
    return {instance: demand_on(app, instance, each) for instance, each in templates.items()}


def caller_of(instance: SignalRInstance) -> Caller:
    """Return the identity that is to sign, as far as Azure has said who that is.

    A system-assigned identity that is wanted and not there yet has no principal.
    """
    identity = instance.identity
    if identity.user_assigned is not None:
        borrowed = identity.user_assigned
        return Caller(_written(borrowed.principal_id), _written(borrowed.client_id))
    has_own = _observed_type(instance) == ManagedIdentity.Type.SYSTEM_ASSIGNED
    return Caller(_written(identity.principal_id) if has_own else None)


def tenant_of(instance: SignalRInstance) -> UUID:
    """Return the tenant whose tokens the instance's requests carry."""
    return instance.identity.tenant_id or instance.subscription.tenant_id


def is_in_reach(app: FunctionApp, instance: SignalRInstance) -> bool:
    """Return whether the app trusts the tenant of the instance, so that one issuer serves both."""
    return app.subscription.tenant_id == tenant_of(instance)


def _observed_type(instance: SignalRInstance) -> str | None:
    identity = (instance.observed or {}).get("identity") or {}
    kind: str | None = identity.get("type")
    return kind


def _written(value: UUID | None) -> str | None:
    return str(value) if value else None
