"""What Signalman's rows say that an instance is to be."""

from __future__ import annotations

from typing import cast

from arm.state import AuthType, IdentityState, IdentityType, InstanceState, TemplateState
from identities.models import ManagedIdentity, SignalRInstance
from upstreams.models import UpstreamTemplate


def desired_state(instance: SignalRInstance) -> InstanceState:
    """Return the state that the rows of `instance` describe.

    Without further queries for instances fetched by `SignalRInstance.objects.with_desired()`.
    """
    return InstanceState(
        identity=_identity(instance.identity),
        templates=tuple(_template(row) for row in instance.upstream_templates.all()),
    )


def observed_state(instance: SignalRInstance) -> InstanceState | None:
    """Return the state that Azure last answered; None where it never did or has it no more."""
    return None if instance.observed is None else InstanceState.from_json(instance.observed)


def _identity(row: ManagedIdentity) -> IdentityState:
    borrowed = row.user_assigned
    return IdentityState(
        type=cast("IdentityType", row.type),
        user_assigned_id=borrowed.arm_id.lower() if borrowed else None,
    )


def _template(row: UpstreamTemplate) -> TemplateState:
    return TemplateState(
        url_template=row.url_template,
        hub_pattern=row.hub_pattern,
        category_pattern=row.category_pattern,
        event_pattern=row.event_pattern,
        auth_type=cast("AuthType", row.auth_type),
        resource=row.resource or None,
    )
