"""Rows of an instance, and the policy that they make."""

from __future__ import annotations

from uuid import UUID

from arm.instance_state import InstanceState, TemplateState
from identities.models import SignalRInstance, UserAssignedIdentity
from upstreams.models import UpstreamTemplate
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.protocol.requests import Route
from upstreams.token_requests.versions import issuer_pattern
from validation.policy import TokenPolicy

ECHO = Route("chat", "messages", "echo", "c-1")
V2_ISSUER = issuer_pattern("2.0")
PRINCIPAL = UUID("cccccccc-0000-4000-8000-000000000001")
OTHER_PRINCIPAL = UUID("cccccccc-0000-4000-8000-000000000002")
CLIENT = UUID("dddddddd-0000-4000-8000-000000000001")
USER_ASSIGNED = (
    "/subscriptions/bbbbbbbb-0000-4000-8000-00000000bbbb/resourceGroups/contoso"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/user_assigned"
)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def want(instance: SignalRInstance, resource: str = "api://chat", **fields: object) -> None:
    UpstreamTemplate.objects.create(
        instance=instance,
        url_template="https://a.example.com/",
        auth_type="ManagedIdentity" if resource else "None",
        resource=resource,
        **fields,
    )


def observe(instance: SignalRInstance, *templates: TemplateState) -> None:
    instance.observed = InstanceState(templates=templates).to_json()
    instance.save()


def signed(resource: str, **patterns: str) -> TemplateState:
    return TemplateState(
        "https://a.example.com/", auth_type="ManagedIdentity", resource=resource, **patterns
    )


def user_assigned(**fields: object) -> UserAssignedIdentity:
    return UserAssignedIdentity.objects.create(arm_id=USER_ASSIGNED, **fields)


def policy_of(instance: SignalRInstance) -> TokenPolicy:
    return policies.get(instance.name).token_policies(ECHO)[-1]


def audiences(instance: SignalRInstance) -> set[str]:
    return {audience.rstrip("/") for audience in policy_of(instance).audiences}
