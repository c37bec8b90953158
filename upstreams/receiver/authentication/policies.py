"""What each instance's requests must prove, read from its rows and kept in memory for some seconds.

A changed row takes effect at once in the process that changed it through a model, and everywhere
else within `RECEIVER["POLICY_SECONDS"]`: each process then reads the rows again. No process has to
be told, so that no message can be lost, and bulk updates count as well.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

from django.db import Error as DatabaseProblem
from django.db import transaction

from arm.state import InstanceState, TemplateState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from upstreams.patterns import first_match
from upstreams.receiver.authentication.access_keys import keys_of
from upstreams.receiver.authentication.requirements import NOTHING, Demands
from upstreams.receiver.authentication.template_paths import check_path, has_event
from upstreams.receiver.configuration import configuration
from upstreams.receiver.protocol.errors import ProofUnavailable, UnknownInstance
from upstreams.receiver.protocol.requests import Route
from validation.configuration import configuration as validation_configuration
from validation.policy import TokenPolicy

log = logging.getLogger(__name__)

Value = TypeVar("Value")
# Hub, category and event.
Event = tuple[str, str, str]
# Whose policies are remembered. Callers invent names before they are authenticated.
_MOST_EVENTS: Final = 1024
# After a reading that failed. Short, for a process that holds nothing yet has to refuse till then.
_RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class InstancePolicy:
    """What the rows say of one instance, frozen.

    An instance on its way from one setting to another loses no request: both the template that is
    wanted and the one that Azure last answered are asked for the audience, and both the identity
    that is wanted, where its principal is known, and the observed one may call.
    """

    pk: int
    name: str
    tenant_id: str
    principal_ids: frozenset[str]
    client_ids: frozenset[str]
    resource_ids: frozenset[str]
    desired: tuple[TemplateState, ...]
    observed: tuple[TemplateState, ...]
    demands: Demands = NOTHING
    _policies: dict[Event, TokenPolicy] = field(default_factory=dict, compare=False)

    def token_policy(self, route: Route) -> TokenPolicy:
        """Return what the token of a request must be.

        An event that no signed template takes has no audience, and so no token is accepted.
        """
        event = route[:3]
        policy = self._policies.get(event)
        if policy is None:
            if len(self._policies) >= _MOST_EVENTS:
                self._policies.clear()
            policy = self._policies[event] = self._policy(self.audiences(route))
        return policy

    def audiences(self, route: Route) -> frozenset[str]:
        """Return the resources that the templates which take this event ask a token for."""
        event = route[:3]
        return _audience(first_match(self.desired, *event)) | _audience(
            first_match(self.observed, *event)
        )

    @cached_property
    def is_guarded(self) -> bool:
        """Whether `guard` has anything to check: most instances' requests are done without it."""
        return bool(self.demands) or any(
            has_event(each.url_template, self.name) for each in (*self.desired, *self.observed)
        )

    def guard(self, route: Route, headers: Mapping[str, Any], rest: str) -> None:
        """Raise a Refusal where the path disagrees with the headers, or a proof is missing.

        `rest` is what follows the instance's name in the decoded path. The token comes first.
        """
        event = (route.hub, route.category, route.event)
        takers = (first_match(self.desired, *event), first_match(self.observed, *event))
        urls = [taker.url_template for taker in takers if taker is not None]
        check_path(urls, self.name, route, rest)
        self.demands.check_url_secret(headers, rest)
        self.demands.check_signature(headers, self.name, route.connection_id, keys_of)

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


class _Held:
    """What was read since everything was last forgotten, and when.

    A reading that was under way meanwhile ends up in the one that nobody asks any more.
    """

    __slots__ = ("instances", "names")

    def __init__(self) -> None:
        self.names: tuple[float, dict[str, int]] | None = None
        self.instances: dict[int, tuple[float, InstancePolicy | None]] = {}


class Policies:
    """The policies of all instances, each read when first asked for and again after `seconds`.

    While the database cannot be read, what is held goes on to count for `grace` seconds since it
    was read: an outage loses no request, and a policy that was taken back does not live for ever.

    Any number of threads may ask at once, and none waits for another.
    """

    def __init__(
        self, seconds: float, *, grace: float = 900.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._grace = grace
        self._clock = clock
        self._held = _Held()
        # While the database cannot be read: when it is asked again.
        self._ask_at: float | None = None

    def get(self, name: str) -> InstancePolicy:
        """Return the policy of the instance `name`, in any case.

        Raises UnknownInstance, and ProofUnavailable where rows can neither be read nor are held.
        """
        held = self._held
        pk = self._pk(held, name.lower())
        policy = self._policy(held, pk) if pk is not None else None
        if policy is None:
            raise UnknownInstance("unknown_instance", "No instance of this name receives here.")
        return policy

    def forget(self) -> None:
        """Read everything again when it is next asked for."""
        self._held = _Held()
        self._ask_at = None

    def _pk(self, held: _Held, name: str) -> int | None:
        # All names at once: inventing names then costs the database nothing.
        names = held.names
        if names is None or self._is_old(names[0]):
            names = held.names = self._read(_read_names, names)
        return names[1].get(name)

    def _policy(self, held: _Held, pk: int) -> InstancePolicy | None:
        found = held.instances.get(pk)
        if found is None or self._is_old(found[0]):
            found = self._read(lambda: _read_instance(pk), found)
            held.instances[pk] = found
            if found[1] is None and held is self._held:
                self.forget()
        return found[1]

    def _read(
        self, read: Callable[[], Value], held: tuple[float, Value] | None
    ) -> tuple[float, Value]:
        # The time before the query: what changes while it runs is read again in time.
        now, ask_at = self._clock(), self._ask_at
        if ask_at is None or now >= ask_at:
            try:
                value = read()
            except DatabaseProblem as error:
                self._note_outage(now, error)
            else:
                self._note_end()
                return now, value
        if held is None or now - held[0] > self._grace:
            raise ProofUnavailable("policy_unavailable", "What is demanded cannot be read for now.")
        return held

    def _note_outage(self, now: float, error: Exception) -> None:
        # One line for an outage, not one for each request.
        if self._ask_at is None:
            log.error("Instances cannot be read (%s): what is held counts on.", error)
        self._ask_at = now + min(self._seconds, _RETRY_SECONDS)

    def _note_end(self) -> None:
        if self._ask_at is not None:
            self._ask_at = None
            log.warning("Instances can be read again.")

    def _is_old(self, read_at: float) -> bool:
        return self._clock() - read_at >= self._seconds


def _read_names() -> dict[str, int]:
    rows = SignalRInstance.objects.values_list("name", "pk")
    return {name.lower(): pk for name, pk in rows}


def _read_instance(pk: int) -> InstancePolicy | None:
    rows = SignalRInstance.objects.with_desired().select_related("receiver_demands")
    instance = rows.filter(pk=pk).first()
    return None if instance is None else read_policy(instance)


def read_policy(instance: SignalRInstance) -> InstancePolicy:
    """Return the policy that the rows of `instance` describe now."""
    principal_ids = frozenset(_principal_ids(instance.identity))
    known = UserAssignedIdentity.objects.filter(principal_id__in=principal_ids)
    client_ids = {str(row.principal_id): str(row.client_id) for row in known if row.client_id}
    return InstancePolicy(
        pk=instance.pk,
        name=instance.name,
        tenant_id=str(instance.subscription.tenant_id),
        principal_ids=principal_ids,
        # A system-assigned identity's client ID is not in ARM: with one, none can be demanded.
        client_ids=frozenset(client_ids.values() if client_ids.keys() == principal_ids else ()),
        resource_ids=frozenset({instance.arm_id, *(row.arm_id for row in known)}),
        desired=tuple(row.state for row in instance.upstream_templates.all()),
        observed=_observed(instance),
        demands=_demands(instance),
    )


def forget_on_change(**_: Any) -> None:
    """Take up a change of a row at once in this process: a receiver of Django's model signals."""
    policies.forget()
    # Again once it is committed: until then another thread reads the row as it was.
    transaction.on_commit(policies.forget)


def _principal_ids(identity: ManagedIdentity) -> set[str]:
    wanted = identity.user_assigned.principal_id if identity.user_assigned else None
    return {str(principal_id) for principal_id in (identity.principal_id, wanted) if principal_id}


def _observed(instance: SignalRInstance) -> tuple[TemplateState, ...]:
    if instance.observed is None:
        return ()
    return InstanceState.from_json(instance.observed).templates


def _demands(instance: SignalRInstance) -> Demands:
    row = getattr(instance, "receiver_demands", None)
    return NOTHING if row is None else row.value


def _audience(template: TemplateState | None) -> frozenset[str]:
    """Return the spellings of a signed template's resource that Entra may write as `aud`."""
    if template is None or template.auth_type != "ManagedIdentity" or not template.resource:
        return frozenset()
    resource = template.resource
    if "://" not in resource:
        return frozenset({resource})
    # Of a URI, a v1 token has been seen with and without its last slash.
    return frozenset({resource, resource.rstrip("/"), resource.rstrip("/") + "/"})


policies: Final = Policies(
    configuration().policy_seconds, grace=configuration().policy_grace_seconds
)
