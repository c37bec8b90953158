"""Writing down what Azure answered about instances, beside what is wanted of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import models

from arm.resources import SignalRResource
from identities.models import (
    ManagedIdentity,
    SignalRInstance,
    Subscription,
    UserAssignedIdentity,
)
from sync.inventory.status_rows import record_statuses

INSTANCE_FIELDS: Final = (
    "subscription",
    "resource_group",
    "location",
    "sku",
    "service_mode",
    "observed",
    "observed_at",
    "provisioning_state",
    "is_being_made",
    "host_name",
    "azure_modified_at",
    "missing_since",
)
IDENTITY_FIELDS: Final = ("principal_id", "tenant_id")
_BATCH: Final = 200

_MADE: Final = "Succeeded"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One answer of Azure about an instance.

    `at` is when the question was asked. `principal_id` and `tenant_id` are those of the identity
    that the instance has, whichever of Azure's answers named them.
    """

    resource: SignalRResource
    at: datetime
    principal_id: UUID | None
    tenant_id: UUID | None


def sighting(
    resource: SignalRResource,
    *,
    at: datetime,
    subscription: Subscription,
    identities: Mapping[str, UserAssignedIdentity],
) -> Sighting:
    """Return the answer with the ids of the instance's identity filled in.

    An instance's answer does not name a borrowed identity's tenant, and may leave out its
    principal; the identity's row, in `identities` by lower-case ARM id, knows them.
    """
    principal_id, tenant_id = resource.principal_id, resource.tenant_id
    identity = resource.state.identity
    if identity.user_assigned_id is not None:
        row = identities[identity.user_assigned_id]
        principal_id, tenant_id = principal_id or row.principal_id, tenant_id or row.tenant_id
    if identity.type != "None":
        tenant_id = tenant_id or subscription.tenant_id
    return Sighting(resource, at, principal_id, tenant_id)


def catch_up(instance: SignalRInstance) -> None:
    """Lock the row of `instance` and take over what others observed since it was read.

    While Azure was asked, a later question may have been answered: what is compared before a write
    is the row as it is now. Call it inside a transaction.
    """
    fields = [field for field in INSTANCE_FIELDS if field != "subscription"]
    locked = SignalRInstance.objects.select_for_update()
    instance.refresh_from_db(fields=fields, from_queryset=locked)
    instance.identity.refresh_from_db(fields=IDENTITY_FIELDS)


def is_overtaken(instance: SignalRInstance, at: datetime) -> bool:
    """Whether a question that was asked later than `at` was answered already."""
    return instance.observed_at is not None and instance.observed_at > at


def observe(instance: SignalRInstance, seen: Sighting) -> bool:
    """Set the observed fields of `instance` and its identity, unsaved; return whether any differs.

    An answer older than the one already written is dropped: a long list may be overtaken by the
    refresh of one instance.
    """
    if is_overtaken(instance, seen.at):
        return False
    resource = seen.resource
    instance.observed_at = seen.at
    is_changed = _assign(
        instance,
        subscription_id=resource.subscription_id,
        resource_group=resource.resource_group,
        location=resource.location,
        sku=resource.sku,
        service_mode=resource.service_mode,
        observed=resource.state.to_json(),
        provisioning_state=resource.provisioning_state,
        is_being_made=instance.is_being_made and resource.provisioning_state != _MADE,
        host_name=resource.host_name,
        azure_modified_at=resource.last_modified_at,
        missing_since=None,
    )
    return (
        _assign(instance.identity, principal_id=seen.principal_id, tenant_id=seen.tenant_id)
        or is_changed
    )


def observe_absence(instance: SignalRInstance, *, at: datetime) -> bool:
    """Set that Azure has `instance` no more, unsaved; return whether that is news.

    Its principal goes with it, so that no token of it is accepted any longer.
    """
    if is_overtaken(instance, at):
        return False
    instance.observed_at = at
    is_changed = _assign(
        instance,
        observed=None,
        provisioning_state="",
        is_being_made=False,
        host_name="",
        azure_modified_at=None,
        missing_since=instance.missing_since or at,
    )
    return _assign(instance.identity, principal_id=None, tenant_id=None) or is_changed


def save_observed(changed: Sequence[SignalRInstance], unchanged: Iterable[SignalRInstance]) -> None:
    """Save what `observe` set, in a number of queries that grows with the changes alone."""
    SignalRInstance.objects.bulk_update(changed, INSTANCE_FIELDS, batch_size=_BATCH)
    ManagedIdentity.objects.bulk_update(
        [instance.identity for instance in changed], IDENTITY_FIELDS, batch_size=_BATCH
    )
    record_statuses([instance.pk for instance in changed])
    by_time: dict[datetime | None, list[int]] = {}
    for instance in unchanged:
        by_time.setdefault(instance.observed_at, []).append(instance.pk)
    for at, keys in by_time.items():
        SignalRInstance.objects.filter(pk__in=keys).update(observed_at=at)


def _assign(row: models.Model, **values: Any) -> bool:
    """Set attributes, and return whether one of them was another value before."""
    different = {name for name, value in values.items() if getattr(row, name) != value}
    for name in different:
        setattr(row, name, values[name])
    return bool(different)
