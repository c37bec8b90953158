"""Everything that a diagnosis reads, read once."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Sum

from arm.instance_state import ABSENT, InstanceState, TemplateState
from arm.resources import SharedPrivateLink
from diagnosis.models import EndpointProbe
from diagnosis.probe.stored_results import read_probes
from identities.models import KeyVault, SignalRInstance, VaultGrant, VaultSecret
from sync.components.grants import known_vaults
from sync.components.vault_names import named_vaults
from sync.desired.state import desired_state, observed_state
from sync.inventory.sender_role import SenderAccess
from upstreams.function_apps.instance_requests import tenant_of
from upstreams.models import (
    DeliveryCount,
    FunctionApp,
    Outcome,
    SenderActivity,
    TokenResource,
    registrations_of,
)
from upstreams.receiver.authentication.instance_policy import InstancePolicy, read_policy
from upstreams.sender.endpoints import configured_credential
from upstreams.token_requests.versions import ExpectedToken, Registration, expected_token
from upstreams.url_templates.hosts import host_of

# Traffic of this period is recent.
RECENT: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Context:
    """Desired and observed state of an instance, and the deliveries of the last hour.

    `accepted`, `refused` and `failed` count deliveries; the latter two by reason code.
    `function_apps` are the imported ones that a template points at, by host. `vaults` and `secrets`
    are those that templates name, by name; `grants` those of the instance, by vault and principal.
    `resources` is what the templates' resources name in the tenant. `sender_credential` is what
    this project is configured to send with, as `configured_credential` returns it, and
    `sender_problem` why that is not known. `sender_activity` is when hubs last sent to the
    instance, if that was recently. `probes` are the last ones of its endpoints. `policy` is what
    the receiver requires of requests. All was read at `now`.
    """

    instance: SignalRInstance
    desired: InstanceState
    observed: InstanceState | None
    accepted: int
    refused: dict[str, int]
    failed: dict[str, int]
    policy: InstancePolicy
    function_apps: dict[str, FunctionApp]
    now: datetime
    vaults: dict[str, KeyVault] = field(default_factory=dict)
    grants: dict[tuple[str, UUID], VaultGrant] = field(default_factory=dict)
    secrets: dict[tuple[str, str], VaultSecret] = field(default_factory=dict)
    resources: dict[str, TokenResource] = field(default_factory=dict)
    sender_credential: Literal["access_key", "entra"] | None = None
    sender_problem: str = ""
    sender_activity: SenderActivity | None = None
    probes: dict[str, EndpointProbe] = field(default_factory=dict)

    @property
    def registrations(self) -> dict[tuple[UUID, str], Registration]:
        """The registrations that are known, by tenant and resource."""
        return registrations_of(self.resources.values())

    def expected_token(self, resource: str) -> ExpectedToken | None:
        """Return the tokens that Entra issues for `resource`; None where that is not known."""
        row = self.resources.get(resource)
        if row is None or (registration := row.registration) is None:
            return None
        return expected_token(resource, registration, tenant_of(self.instance))

    @property
    def effective(self) -> InstanceState:
        """The observed state, or the desired state where Azure has none or was not read."""
        if self.observed is None or self.observed == ABSENT:
            return self.desired
        return self.observed

    @property
    def private_links(self) -> tuple[SharedPrivateLink, ...] | None:
        """The shared private links of the instance; None where they were not read."""
        links = self.instance.private_links
        return None if links is None else tuple(SharedPrivateLink(**each) for each in links)

    def private_link(
        self, arm_id: str, groups: Container[str] | None = None
    ) -> SharedPrivateLink | None:
        """Return the instance's shared private link to a resource, by default of any group.

        If there are several, it is one that works.
        """
        links = [
            each
            for each in self.private_links or ()
            if each.target_id == arm_id.lower() and (groups is None or each.group in groups)
        ]
        return max(links, key=lambda each: each.is_ready, default=None)

    @property
    def sender_access(self) -> SenderAccess | None:
        """The roles with which hubs send to the instance; None where they were not read."""
        found = self.instance.sender_access
        return None if found is None else SenderAccess.from_json(found)

    @property
    def signed(self) -> list[tuple[int, TemplateState]]:
        """The templates whose requests carry a token, with their indexes."""
        return [
            (index, template)
            for index, template in enumerate(self.effective.templates)
            if template.auth_type == "ManagedIdentity"
        ]

    def function_app(self, template: TemplateState) -> FunctionApp | None:
        """Return the imported Function App that receives the template's requests."""
        return self.function_apps.get(host_of(template.url_template) or "")


def read_context(instance: SignalRInstance, now: datetime) -> Context:
    """Read what a diagnosis of `instance` needs."""
    counts = _recent_counts(instance, now)
    desired, observed = desired_state(instance), observed_state(instance)
    return Context(
        instance=instance,
        desired=desired,
        observed=observed,
        accepted=sum(counts[Outcome.ACCEPTED].values()),
        refused=counts[Outcome.REFUSED],
        failed=counts[Outcome.FAILED],
        policy=read_policy(instance),
        function_apps=_function_apps(observed or desired),
        now=now,
        resources=_resources(instance, observed or desired),
        probes=read_probes(instance),
        **_sender(instance, now),
        **_vaults(instance, observed or desired),
    )


def _recent_counts(instance: SignalRInstance, now: datetime) -> dict[Outcome, dict[str, int]]:
    """Return the number of recent deliveries, by outcome and reason."""
    rows = DeliveryCount.objects.filter(instance=instance).since(now - RECENT)
    counts: dict[Outcome, dict[str, int]] = {outcome: {} for outcome in Outcome}
    for row in rows.values("outcome", "reason").order_by().annotate(total=Sum("count")):
        counts[Outcome(row["outcome"])][row["reason"]] = row["total"]
    return counts


def _vaults(instance: SignalRInstance, state: InstanceState) -> dict[str, Any]:
    """Return the rows of the vaults that templates name; reads none where no template names one."""
    names = named_vaults(state.templates)
    if not names:
        return {}
    grants = instance.vault_grants.select_related("vault")
    secrets = VaultSecret.objects.filter(vault__name__in=names).select_related("vault")
    return {
        "vaults": known_vaults(names),
        "grants": {(row.vault.name, row.principal_id): row for row in grants},
        "secrets": {(row.vault.name, row.name): row for row in secrets},
    }


def _sender(instance: SignalRInstance, now: datetime) -> dict[str, Any]:
    activity = SenderActivity.objects.recent(now).filter(instance=instance).first()
    try:
        credential = configured_credential(instance.name)
    except ImproperlyConfigured as error:
        return {"sender_problem": str(error), "sender_activity": activity}
    return {"sender_credential": credential, "sender_activity": activity}


def _resources(instance: SignalRInstance, state: InstanceState) -> dict[str, TokenResource]:
    """Return the rows of the templates' resources; reads none where no template has one."""
    named = {each.resource for each in state.templates if each.resource}
    rows = TokenResource.objects.naming(tenant_of(instance), named) if named else ()
    return {row.resource: row for row in rows}


def _function_apps(state: InstanceState) -> dict[str, FunctionApp]:
    urls = [template.url_template for template in state.templates]
    apps = FunctionApp.objects.serving(urls).select_related("subscription")
    return {host: app for app in apps for host in app.hosts}
