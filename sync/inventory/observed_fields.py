"""The observed fields of one instance's row: set from an answer of Azure, and saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import models

from arm.resources import SignalRResource
from identities.models import (
    SignalRInstance,
    Subscription,
    UserAssignedIdentity,
)
from sync.desired.sync_status import record_statuses

INSTANCE_FIELDS: Final = (
    "subscription",
    "resource_group",
    "location",
    "sku",
    "service_mode",
    "private_links",
    "network",
    "is_local_auth_disabled",
    "is_entra_auth_disabled",
    "observed",
    "observed_at",
    "provisioning_state",
    "is_creating",
    "host_name",
    "azure_modified_at",
    "missing_since",
)
IDENTITY_FIELDS: Final = ("principal_id", "tenant_id", "client_id")
_BATCH: Final = 200

_CREATED: Final = "Succeeded"


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer of Azure about an instance.

    `at` is when the request was sent. `principal_id` and `tenant_id` are those of the identity
    that the instance has, from whichever answer names them.
    """

    resource: SignalRResource
    at: datetime
    principal_id: UUID | None
    tenant_id: UUID | None


def observation_of(
    resource: SignalRResource,
    *,
    at: datetime,
    subscription: Subscription,
    identities: Mapping[str, UserAssignedIdentity],
) -> Observation:
    """Return the answer with the ids of the instance's identity filled in.

    An instance's answer does not name the tenant of a user-assigned identity, and may leave out
    its principal id; the identity's row, in `identities` by lower-case ARM id, has them.
    """
    principal_id, tenant_id = resource.principal_id, resource.tenant_id
    identity = resource.state.identity
    if identity.user_assigned_id is not None:
        row = identities[identity.user_assigned_id]
        principal_id, tenant_id = principal_id or row.principal_id, tenant_id or row.tenant_id
    if identity.type != "None":
        tenant_id = tenant_id or subscription.tenant_id
    return Observation(resource, at, principal_id, tenant_id)


def reload_observed(instance: SignalRInstance) -> None:
    """Lock the row of `instance` and reload its observed fields.

    A later request may have been answered while this one was in progress. Call it inside a
    transaction.
    """
    fields = [field for field in INSTANCE_FIELDS if field != "subscription"]
    locked = SignalRInstance.objects.select_for_update()
    instance.refresh_from_db(fields=fields, from_queryset=locked)
    instance.identity.refresh_from_db(fields=IDENTITY_FIELDS)


def is_overtaken(instance: SignalRInstance, at: datetime) -> bool:
    """Return whether a request sent later than `at` was answered already."""
    return instance.observed_at is not None and instance.observed_at > at


def observe(instance: SignalRInstance, observation: Observation) -> bool:
    """Set the observed fields of `instance` and its identity, unsaved; return whether any changed.

    An answer older than the stored one is dropped: a refresh of one instance may overtake a long
    list.
    """
    if is_overtaken(instance, observation.at):
        return False
    resource = observation.resource
    instance.observed_at = observation.at
    is_changed = _assign(
        instance,
        subscription_id=resource.subscription_id,
        resource_group=resource.resource_group,
        location=resource.location,
        sku=resource.sku,
        service_mode=resource.service_mode,
        private_links=[link.to_json() for link in resource.private_links],
        network=resource.network.to_json(),
        is_local_auth_disabled=resource.is_local_auth_disabled,
        is_entra_auth_disabled=resource.is_entra_auth_disabled,
        observed=resource.state.to_json(),
        provisioning_state=resource.provisioning_state,
        is_creating=instance.is_creating and resource.provisioning_state != _CREATED,
        host_name=resource.host_name,
        azure_modified_at=resource.last_modified_at,
        missing_since=None,
    )
    identity = instance.identity
    is_same = identity.principal_id == observation.principal_id
    return (
        _assign(
            identity,
            principal_id=observation.principal_id,
            tenant_id=observation.tenant_id,
            # It was read for the principal.
            client_id=identity.client_id if is_same else None,
        )
        or is_changed
    )


def observe_absence(instance: SignalRInstance, *, at: datetime) -> bool:
    """Set that `instance` does not exist in Azure, unsaved; return whether that is a change.

    Its principal id is cleared, so that none of its tokens is accepted.
    """
    if is_overtaken(instance, at):
        return False
    instance.observed_at = at
    is_changed = _assign(
        instance,
        private_links=None,
        network=None,
        is_local_auth_disabled=None,
        is_entra_auth_disabled=None,
        observed=None,
        provisioning_state="",
        is_creating=False,
        host_name="",
        azure_modified_at=None,
        missing_since=instance.missing_since or at,
    )
    ids = dict.fromkeys(IDENTITY_FIELDS)
    return _assign(instance.identity, **ids) or is_changed


def save_observed(changed: Sequence[SignalRInstance], unchanged: Iterable[SignalRInstance]) -> None:
    """Save what `observe` set. The number of queries grows with the changes only."""
    _save(changed, INSTANCE_FIELDS)
    _save([instance.identity for instance in changed], IDENTITY_FIELDS)
    record_statuses([instance.pk for instance in changed])
    by_time: dict[datetime | None, list[int]] = {}
    for instance in unchanged:
        by_time.setdefault(instance.observed_at, []).append(instance.pk)
    for at, keys in by_time.items():
        SignalRInstance.objects.filter(pk__in=keys).update(observed_at=at)


def _save(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """Save these fields of the rows. A bulk update of one row costs several times an update."""
    if not rows:
        return
    manager = type(rows[0])._default_manager  # noqa: SLF001
    if len(rows) > 1:
        manager.bulk_update(rows, fields, batch_size=_BATCH)
        return
    (row,) = rows
    manager.filter(pk=row.pk).update(**{field: getattr(row, field) for field in fields})


def _assign(row: models.Model, **values: Any) -> bool:
    """Set attributes, and return whether one of them was another value before."""
    different = {name for name, value in values.items() if getattr(row, name) != value}
    for name in different:
        setattr(row, name, values[name])
    return bool(different)
