"""The policy for one instance's requests, derived from its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from arm.instance_state import InstanceState, TemplateState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from upstreams.models import TokenResource
from upstreams.receiver.authentication.access_keys import keys_of
from upstreams.receiver.authentication.request_requirements import NO_REQUIREMENTS, Requirements
from upstreams.receiver.authentication.template_paths import check_path, has_event
from upstreams.receiver.protocol.requests import Route
from upstreams.token_requests.versions import Registration, Registrations, issuer_pattern
from upstreams.url_templates.patterns import first_match
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

    `registrations` are those that the templates' resources name, as far as they are known. Of any
    other resource the tokens of the configured version are accepted, and no others.
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
    registrations: Mapping[str, Registration] = field(default_factory=dict)
    _policies: dict[Event, tuple[TokenPolicy, ...]] = field(default_factory=dict, compare=False)

    def token_policies(self, route: Route) -> tuple[TokenPolicy, ...]:
        """Return the policies for a request's token: one of them must accept it.

        There is one for each issuer. Entra issues tokens of the version that the registration
        requests, but the service keeps a token of the version before for up to a day: both are
        accepted. An event that matches no signed template has no audience, so no token is accepted.
        """
        event = route[:3]
        policies = self._policies.get(event)
        if policies is None:
            if len(self._policies) >= _MAX_EVENTS:
                self._policies.clear()
            by_issuer = self._by_issuer(event)
            policies = tuple(self._policy(issuer, found) for issuer, found in by_issuer.items())
            self._policies[event] = policies
        return policies

    def accepts(self, route: Route, issuer: str, audience: str) -> bool:
        """Return whether a token with this issuer and audience is accepted for the event."""
        return any(
            policy.issuer == issuer and audience in policy.audiences
            for policy in self.token_policies(route)
        )

    def audiences(self, route: Route) -> frozenset[str]:
        """Return the audiences that are accepted for the event, of any issuer."""
        return frozenset[str]().union(*(each.audiences for each in self.token_policies(route)))

    def _by_issuer(self, event: Event) -> dict[str, frozenset[str]]:
        """Return the audiences of the templates that match this event, by issuer.

        An issuer that follows from a registration is first: it issues new tokens.
        """
        found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
        templates = self._matching(event)
        for template in templates:
            audiences = _audiences(template)
            registration = self.registrations.get(template.resource or "")
            if registration is None or not audiences:
                continue
            if registration.version == "2.0":
                audiences = frozenset({registration.client_id})
            found[issuer_pattern(registration.version)] |= audiences
        # Without a template too: the policy of an event that matches none accepts no audience.
        found[validation_configuration().issuer] |= frozenset().union(*map(_audiences, templates))
        return found

    def _matching(self, event: Event) -> list[TemplateState]:
        """Return the desired and the observed template that match the event."""
        found = (first_match(self.desired, *event), first_match(self.observed, *event))
        return [template for template in found if template is not None]

    @property
    def registered_issuers(self) -> frozenset[str]:
        """The issuers that follow from registrations, with the placeholder `{tenant_id}`."""
        return frozenset(issuer_pattern(each.version) for each in self.registrations.values())

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
        urls = [template.url_template for template in self._matching(route[:3])]
        check_path(urls, self.name, route, rest)
        if (url_secrets := self.requirements.url_secrets) is not None:
            url_secrets.check(headers, rest)
        self.requirements.check_signature(headers, self.name, route.connection_id, keys_of)

    def _policy(self, issuer: str, audiences: frozenset[str]) -> TokenPolicy:
        validation = validation_configuration()
        return TokenPolicy(
            tenant_id=self.tenant_id,
            issuer=issuer,
            audiences=audiences,
            principal_ids=self.principal_ids,
            client_ids=self.client_ids,
            resource_ids=self.resource_ids,
            leeway_seconds=validation.leeway_seconds,
        )


def read_policy(
    instance: SignalRInstance,
    identities: Iterable[UserAssignedIdentity] | None = None,
    registrations: Registrations | None = None,
) -> InstancePolicy:
    """Return the policy that the rows of `instance` describe now.

    `identities` are the known user-assigned identities, and `registrations` the known registrations
    by tenant and resource; they are read where they are not given.
    """
    principal_ids = frozenset(_principal_ids(instance.identity))
    if identities is None:
        identities = UserAssignedIdentity.objects.filter(principal_id__in=principal_ids)
    known = [row for row in identities if str(row.principal_id) in principal_ids]
    client_ids = {str(row.principal_id): str(row.client_id) for row in known if row.client_id}
    desired = tuple(row.state for row in instance.upstream_templates.all())
    observed = _observed(instance)
    return InstancePolicy(
        pk=instance.pk,
        name=instance.name,
        tenant_id=str(instance.subscription.tenant_id),
        principal_ids=principal_ids,
        # A system-assigned identity's client ID is not in ARM: with one, none can be required.
        client_ids=frozenset(client_ids.values() if client_ids.keys() == principal_ids else ()),
        resource_ids=frozenset({instance.arm_id, *(row.arm_id for row in known)}),
        desired=desired,
        observed=observed,
        registrations=_registrations(instance, (*desired, *observed), registrations),
        requirements=_requirements(instance),
    )


def _registrations(
    instance: SignalRInstance,
    templates: Iterable[TemplateState],
    known: Registrations | None,
) -> dict[str, Registration]:
    """Return the registrations that the resources of these templates name, by resource."""
    tenant_id = instance.subscription.tenant_id
    resources = {each.resource for each in templates if each.resource}
    if known is None and resources:
        known = TokenResource.objects.naming(tenant_id, resources).registrations()
    return {
        resource: found
        for resource in resources
        if (found := (known or {}).get((tenant_id, resource))) is not None
    }


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


def _audiences(template: TemplateState) -> frozenset[str]:
    """Return the spellings of a signed template's resource that Entra may write as `aud`."""
    if template.auth_type != "ManagedIdentity" or not template.resource:
        return frozenset()
    resource = template.resource
    if "://" not in resource:
        return frozenset({resource})
    # Of a URI, a v1 token has been seen with and without its last slash.
    return frozenset({resource, resource.rstrip("/"), resource.rstrip("/") + "/"})
