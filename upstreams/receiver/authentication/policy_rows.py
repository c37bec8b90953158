"""Reading of the policies of all instances, reusing those whose rows did not change.

Four queries fetch plain columns. Model instances are created for changed rows only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from identities.models import SignalRInstance, UserAssignedIdentity
from upstreams.models import TokenResource, UpstreamTemplate
from upstreams.receiver.authentication.instance_policy import InstancePolicy, read_policy
from validation.configuration import configuration

# A row, its templates, all user-assigned identities, and all registrations.
_Columns = tuple[Any, ...]

_INSTANCE = (
    "pk",
    "name",
    "subscription_id",
    "subscription__tenant_id",
    "resource_group",
    "identity__principal_id",
    "identity__user_assigned_id",
    "request_requirements__signature",
    "request_requirements__url_secret",
    "request_requirements__url_secret_parameter",
    "request_requirements__url_secret_digest",
    "request_requirements__url_secret_digest_before",
)
_TEMPLATE = (
    "instance_id",
    "position",
    "hub_pattern",
    "category_pattern",
    "event_pattern",
    "url_template",
    "auth_type",
    "resource",
)
_REGISTRATION = ("tenant_id", "resource", "kind", "client_id", "requested_access_token_version")
_IDENTITY = ("pk", "principal_id", "client_id", "arm_id")


@dataclass(frozen=True)
class PolicySet:
    """The policies of all instances by lower-case name, and the columns they were read from."""

    policies: Mapping[str, InstancePolicy] = field(default_factory=dict)
    columns: Mapping[int, _Columns] = field(default_factory=dict)

    def get(self, name: str) -> InstancePolicy | None:
        """Return the policy of the instance `name`, in any case."""
        return self.policies.get(name.lower())

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants of instances that have an identity whose tokens can be accepted."""
        return frozenset(tenant_id for tenant_id, _ in self.issuers)

    @property
    def issuers(self) -> frozenset[tuple[str, str]]:
        """The tenants of instances whose tokens can be accepted, each with an issuer of theirs."""
        configured = configuration().issuer
        return frozenset(
            (each.tenant_id, issuer)
            for each in self.policies.values()
            if each.principal_ids
            for issuer in (configured, *each.registered_issuers)
        )


def read_policies(known: PolicySet) -> PolicySet:
    """Return the policies that the rows describe now. Raises DatabaseError."""
    columns = _columns()
    changed = [pk for pk, found in columns.items() if known.columns.get(pk) != found]
    policies = {policy.pk: policy for policy in known.policies.values() if policy.pk in columns}
    if changed:
        identities = list(UserAssignedIdentity.objects.all())
        registrations = TokenResource.objects.used().registrations()
        rows = SignalRInstance.objects.with_desired().select_related("request_requirements")
        if len(changed) < len(columns):
            rows = rows.filter(pk__in=changed)
        for instance in rows:
            policies[instance.pk] = read_policy(instance, identities, registrations)
    by_name = {policy.name.lower(): policy for policy in policies.values()}
    return PolicySet(by_name, columns)


def _columns() -> dict[int, _Columns]:
    observed = Cast("observed", TextField())
    rows = list(SignalRInstance.objects.order_by("pk").values_list(*_INSTANCE, observed))
    identities = tuple(UserAssignedIdentity.objects.order_by("pk").values_list(*_IDENTITY))
    templates: defaultdict[int, list[_Columns]] = defaultdict(list)
    for row in UpstreamTemplate.objects.order_by("position", "pk").values_list(*_TEMPLATE):
        templates[row[0]].append(row)
    used = TokenResource.objects.used().order_by("pk")
    registrations = tuple(used.values_list(*_REGISTRATION))
    return {row[0]: (*row, tuple(templates[row[0]]), identities, registrations) for row in rows}
