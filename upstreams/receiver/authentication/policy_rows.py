"""Reading of the policies of all instances, reusing those whose rows did not change.

Four queries fetch plain columns, as the driver returns them: a fleet of ten thousand has tens of
thousands of rows, and a server reads them every few seconds beside its requests. Model instances
are created for changed rows only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from django.db import connections
from django.db.models import F, Func, QuerySet, TextField
from django.db.models.functions import Cast

from identities.models import SignalRInstance, UserAssignedIdentity
from upstreams.models import TokenResource, UpstreamTemplate
from upstreams.receiver.authentication.instance_policy import InstancePolicy, read_policy
from validation.configuration import configuration

# A row, its templates, and the user-assigned identities and registrations that it may refer to.
_Columns = tuple[Any, ...]

# Rows fetched at once: a driver does not yield to the event loop meanwhile.
_CHUNK: Final = 500


class _Fingerprint(Func):
    """A JSON column as something that differs where it does: its text, or a hash of that."""

    template = "CAST(%(expressions)s AS text)"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return a hash: the text of all instances is megabytes, from another machine."""
        template = "hashtextextended(CAST(%(expressions)s AS text), 0)"
        return self.as_sql(compiler, connection, template=template, **context)


def _text(name: str) -> Cast:
    # Drivers take long to create UUIDs.
    return Cast(F(name), TextField())


_INSTANCE: Final = (
    "pk",
    _text("subscription__tenant_id"),
    _text("identity__principal_id"),
    "identity__user_assigned_id",
    "name",
    _text("subscription_id"),
    "resource_group",
    "request_requirements__signature",
    "request_requirements__url_secret",
    "request_requirements__url_secret_parameter",
    "request_requirements__url_secret_digest",
    "request_requirements__url_secret_digest_before",
    _Fingerprint("observed"),
)
_TEMPLATE: Final = (
    "instance_id",
    "position",
    "hub_pattern",
    "category_pattern",
    "event_pattern",
    "url_template",
    "auth_type",
    "resource",
)
_REGISTRATION: Final = (
    _text("tenant_id"),
    "resource",
    "kind",
    _text("client_id"),
    "requested_access_token_version",
)
_IDENTITY: Final = ("pk", _text("principal_id"), _text("client_id"), "arm_id")


@dataclass(frozen=True)
class PolicySet:
    """The policies of all instances by lower-case name, and the columns they were read from.

    `number_new` is how many were not among those known before.
    """

    policies: Mapping[str, InstancePolicy] = field(default_factory=dict)
    columns: Mapping[int, _Columns] = field(default_factory=dict)
    number_new: int = 0

    def get(self, name: str) -> InstancePolicy | None:
        """Return the policy of the instance `name`, in any case."""
        return self.policies.get(name.lower())

    @cached_property
    def tenants(self) -> frozenset[str]:
        """The tenants of instances that have an identity whose tokens can be accepted."""
        return frozenset(tenant_id for tenant_id, _ in self.issuers)

    @cached_property
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
    """Return the policies that the rows describe now: `known` itself where nothing changed.

    Raises DatabaseError.
    """
    columns: dict[int, _Columns] = {}
    changed = []
    for pk, found in _columns():
        before = known.columns.get(pk)
        if before != found:
            changed.append(pk)
        # What is unchanged stays the same objects, which the garbage collector has seen.
        columns[pk] = found if before is None or before != found else before
    if not changed and len(columns) == len(known.columns):
        return known
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
    return PolicySet(by_name, columns, len(changed))


def _columns() -> Iterator[tuple[int, _Columns]]:
    """Yield what each instance's policy is derived from, by the instance's key."""
    principals: dict[int, str | None] = {}
    identities: defaultdict[str | None, list[_Columns]] = defaultdict(list)
    for row in _rows(UserAssignedIdentity.objects.order_by("pk").values_list(*_IDENTITY)):
        principals[row[0]] = row[1]
        identities[row[1]].append(row)
    registrations: defaultdict[str, list[_Columns]] = defaultdict(list)
    used = TokenResource.objects.used().order_by("pk")
    for row in _rows(used.values_list(*_REGISTRATION)):
        registrations[row[0]].append(row)
    templates: defaultdict[int, list[_Columns]] = defaultdict(list)
    ordered = UpstreamTemplate.objects.order_by("position", "pk")
    for row in _rows(ordered.values_list(*_TEMPLATE)):
        templates[row[0]].append(row)
    for row in _rows(SignalRInstance.objects.order_by("pk").values_list(*_INSTANCE)):
        pk, tenant, principal, desired, *_ = row
        yield (
            pk,
            (
                *row,
                # Observed and desired principal: there may be no identity, or none that is known.
                *(tuple(identities[each]) for each in (principal, principals.get(desired)) if each),
                tuple(registrations[tenant]),
                tuple(templates[pk]),
            ),
        )


def _rows(query: QuerySet[Any, Any]) -> Iterator[_Columns]:
    """Yield a query's rows as the driver returns them."""
    sql, parameters = query.query.get_compiler(query.db).as_sql()
    with connections[query.db].cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(_CHUNK):
            yield from rows
