"""The policy for one instance's requests, derived from its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from arm.state import InstanceState, TemplateState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from upstreams.patterns import first_match
from upstreams.receiver.authentication.access_keys import keys_of
from upstreams.receiver.authentication.requirements import NO_REQUIREMENTS, Requirements
from upstreams.receiver.authentication.template_paths import check_path, has_event
from upstreams.receiver.protocol.requests import Route
from validation.configuration import configuration as validation_configuration
from validation.policy import TokenPolicy

# Hub, category and event.
Event = tuple[str, str, str]
# Events whose policies are cached for an instance. Unauthenticated requests can name any.
_MAX_EVENTS: Final = 1024


@dataclass(frozen=True, kw_only=True)
class InstancePolicy:
    """The policy of one instance.

    While an instance changes from one setting to another no request is lost: the audiences of both
    the desired and the observed template are accepted, and so are the principals of both the
    desired identity, where it is known, and the observed one.
    """

    pk: int
    name: str
    tenant_id: str
    principal_ids: frozenset[str]
    client_ids: frozenset[str]
    resource_ids: frozenset[str]
    desired: tuple[TemplateState, ...]
    observed: tuple[TemplateState, ...]
    requirements: Requirements = NO_REQUIREMENTS
    _policies: dict[Event, TokenPolicy] = field(default_factory=dict, compare=False)

    def token_policy(self, route: Route) -> TokenPolicy:
        """Return the policy for a request's token.

        An event that matches no signed template has no audience, so no token is accepted.
        """
        event = route[:3]
        policy = self._policies.get(event)
        if policy is None:
            if len(self._policies) >= _MAX_EVENTS:
                self._policies.clear()
            policy = self._policies[event] = self._policy(self.audiences(route))
        return policy

    def audiences(self, route: Route) -> frozenset[str]:
        """Return the audiences of the templates that match this event."""
        event = route[:3]
        return _audience(first_match(self.desired, *event)) | _audience(
            first_match(self.observed, *event)
        )

    @cached_property
    def has_requirements(self) -> bool:
        """Whether `check_requirements` has anything to check; for most instances it has not."""
        return bool(self.requirements) or any(
            has_event(each.url_template, self.name) for each in (*self.desired, *self.observed)
        )

    def check_requirements(self, route: Route, headers: Mapping[str, Any], rest: str) -> None:
        """Raise a Refusal where the path contradicts the headers, or a proof is missing or wrong.

        `rest` is the part of the decoded path after the instance's name. Check the token first.
        """
        event = (route.hub, route.category, route.event)
        takers = (first_match(self.desired, *event), first_match(self.observed, *event))
        urls = [taker.url_template for taker in takers if taker is not None]
        check_path(urls, self.name, route, rest)
        self.requirements.check_url_secret(headers, rest)
        self.requirements.check_signature(headers, self.name, route.connection_id, keys_of)

    def _policy(self, audiences: frozenset[str]) -> TokenPolicy:
        validation = validation_configuration()
        return TokenPolicy(
            tenant_id=self.tenant_id,
            issuer=validation.issuer,
            audiences=audiences,
            principal_ids=self.principal_ids,
            client_ids=self.client_ids,
            resource_ids=self.resource_ids,
            leeway_seconds=validation.leeway_seconds,
        )


def read_policy(
    instance: SignalRInstance, identities: Iterable[UserAssignedIdentity] | None = None
) -> InstancePolicy:
    """Return the policy that the rows of `instance` describe now.

    `identities` are the known user-assigned identities; they are read where they are not given.
    """
    principal_ids = frozenset(_principal_ids(instance.identity))
    if identities is None:
        identities = UserAssignedIdentity.objects.filter(principal_id__in=principal_ids)
    known = [row for row in identities if str(row.principal_id) in principal_ids]
    client_ids = {str(row.principal_id): str(row.client_id) for row in known if row.client_id}
    return InstancePolicy(
        pk=instance.pk,
        name=instance.name,
        tenant_id=str(instance.subscription.tenant_id),
        principal_ids=principal_ids,
        # A system-assigned identity's client ID is not in ARM: with one, none can be required.
        client_ids=frozenset(client_ids.values() if client_ids.keys() == principal_ids else ()),
        resource_ids=frozenset({instance.arm_id, *(row.arm_id for row in known)}),
        desired=tuple(row.state for row in instance.upstream_templates.all()),
        observed=_observed(instance),
        requirements=_requirements(instance),
    )


def _principal_ids(identity: ManagedIdentity) -> set[str]:
    desired = identity.user_assigned.principal_id if identity.user_assigned else None
    return {str(principal_id) for principal_id in (identity.principal_id, desired) if principal_id}


def _observed(instance: SignalRInstance) -> tuple[TemplateState, ...]:
    if instance.observed is None:
        return ()
    return InstanceState.from_json(instance.observed).templates


def _requirements(instance: SignalRInstance) -> Requirements:
    row = getattr(instance, "request_requirements", None)
    return NO_REQUIREMENTS if row is None else row.value


def _audience(template: TemplateState | None) -> frozenset[str]:
    """Return the spellings of a signed template's resource that Entra may write as `aud`."""
    if template is None or template.auth_type != "ManagedIdentity" or not template.resource:
        return frozenset()
    resource = template.resource
    if "://" not in resource:
        return frozenset({resource})
    # Of a URI, a v1 token has been seen with and without its last slash.
    return frozenset({resource, resource.rstrip("/"), resource.rstrip("/") + "/"})
