"""Refreshing known instances: one, or all of a subscription."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from arm.errors import NotFound
from arm.instance_state import ABSENT, InstanceState
from arm.resources import SignalRResource
from identities.models import SignalRInstance, Subscription
from sync.azure_client import arm_client
from sync.components.senders import senders_of, with_senders
from sync.desired.state import as_planned
from sync.desired.sync_status import record_statuses
from sync.inventory.create_and_update_instances import (
    ImportReport,
    Listing,
    assigned_identities,
    with_components,
)
from sync.inventory.function_apps import read_pointed_at, refresh_receivers, refresh_serving
from sync.inventory.key_vault.grant_reader import (
    ObservedGrant,
    VaultReader,
    grant_query,
    with_grants,
)
from sync.inventory.key_vault.secrets import check_secrets_of
from sync.inventory.key_vault.vault_rows import save_grants, save_vaults
from sync.inventory.observed_fields import (
    Observation,
    is_overtaken,
    observation_of,
    observe,
    observe_absence,
    reload_observed,
    save_observed,
)
from sync.inventory.sender_role import read_sender_access
from sync.inventory.senders import refresh_all_senders, refresh_senders
from sync.inventory.token_resources import (
    SCHEDULED_MAX_AGE,
    read_resources_of,
    read_token_resources,
)
from sync.inventory.user_assigned_identities import save_identities

# ARM also answers this to a credential of the wrong tenant, so it does not mean a deletion.
_SUBSCRIPTION_NOT_FOUND: Final = "SubscriptionNotFound"
# An apply reads the instance before each step, and what resources name once.
_DURING_APPLY: Final = timedelta(hours=1)
_NOTHING_PLANNED: Final = InstanceState()


def refresh_subscription(subscription: Subscription, *, on_schedule: bool = False) -> ImportReport:
    """Refresh the observed side of every known instance of a subscription. Raises ArmError.

    With `on_schedule`, paused instances are skipped.
    """
    listing = Listing(
        subscription, timezone.now(), creates=False, accepts=False, skips_paused=on_schedule
    )
    report = listing.write(arm_client(subscription.pk).list_instances_json())
    refresh_resources_and_senders(subscription, on_schedule=on_schedule)
    return report + ImportReport(unreadable=tuple(read_pointed_at(subscription)))


def refresh_resources_and_senders(subscription: Subscription, *, on_schedule: bool = False) -> None:
    """Refresh what the resources of a subscription's templates name, and who may send."""
    max_age = SCHEDULED_MAX_AGE if on_schedule else timedelta(0)
    read_resources_of(subscription, max_age=max_age)
    read_sender_access(_rows_of(subscription, "sender_access"))
    refresh_all_senders(_with_senders(subscription))


def refresh(instance: SignalRInstance, *, since: datetime | None = None) -> SignalRResource:
    """Read from Azure all that a diagnosis of one instance judges; store it, in memory too.

    That is what `refresh_compared` reads, and the network settings, functions and authentication
    of the apps that its templates point at, and the secrets that they reference. What other
    instances may share and was read after `since`, by default now, is not read again. Raises
    ArmError, as `refresh_compared` does.
    """
    moment = since or timezone.now()
    found = refresh_compared(instance)
    refresh_receivers(instance, moment)
    check_secrets_of(instance, moment)
    return found


def refresh_compared(
    instance: SignalRInstance,
    *,
    planned: InstanceState = _NOTHING_PLANNED,
    resources_max_age: timedelta = timedelta(0),
) -> SignalRResource:
    """Read what plans of one instance compare, and store it, in the row and in memory.

    Reads the instance; the grants that its references need, desired or in Azure; the managed
    Function Apps that its signed templates send to; which of the desired senders may send; the
    grants, apps and senders of `planned`; and what the templates' resources name, if that was not
    read within `resources_max_age`. An answer that a later one overtook is returned and not stored.
    Raises ArmError; before NotFound, the instance is marked as missing.
    """
    asked_at = timezone.now()
    try:
        resource = arm_client(instance.subscription_id).get_instance(
            instance.resource_group, instance.name
        )
    except NotFound as error:
        if error.code != _SUBSCRIPTION_NOT_FOUND:
            _write_absence(instance, at=asked_at)
        raise
    return _store(instance, resource, planned, at=asked_at, resources_max_age=resources_max_age)


def refresh_for_plan(
    instance: SignalRInstance, planned: InstanceState, *, may_be_absent: bool
) -> SignalRResource:
    """Read one instance, and what a plan for it names, whatever the rows now say.

    Returns the state as a plan sees it. Raises ArmError; NotFound only unless it `may_be_absent`.
    """
    try:
        found = refresh_compared(instance, planned=planned, resources_max_age=_DURING_APPLY)
    except NotFound:
        if instance.missing_since is None or not may_be_absent:
            raise
        return _absent(instance, planned)
    return replace(found, state=as_planned(instance, found.state))


def store_for_plan(
    instance: SignalRInstance, planned: InstanceState, resource: SignalRResource, *, at: datetime
) -> SignalRResource:
    """Store the instance that Azure returned to a request sent at `at`, as if it had been read.

    Reads what else a plan for it names, and returns the state as `refresh_for_plan` does.
    """
    found = _store(instance, resource, planned, at=at, resources_max_age=_DURING_APPLY)
    return replace(found, state=as_planned(instance, found.state))


def _store(
    instance: SignalRInstance,
    resource: SignalRResource,
    planned: InstanceState,
    *,
    at: datetime,
    resources_max_age: timedelta,
) -> SignalRResource:
    """Store an answer about one instance with what `refresh` reads besides, and return both."""
    resource = with_components(resource)
    seen = observation_of(
        resource,
        at=at,
        subscription=instance.subscription,
        identities=save_identities(assigned_identities([resource])),
    )
    reader = VaultReader(instance.subscription_id)
    found = reader.grants(grant_query(resource, seen.principal_id, instance, planned.grants))
    seen = replace(seen, resource=with_grants(resource, found))
    _write(instance, seen, found, reader)
    read_token_resources([instance], max_age=resources_max_age)
    read_sender_access([instance])
    serving = refresh_serving(instance, planned.function_apps)
    senders = refresh_senders(instance, senders_of(planned))
    state = with_senders(seen.resource.state, senders)
    return replace(seen.resource, state=replace(state, function_apps=serving))


def _absent(instance: SignalRInstance, planned: InstanceState) -> SignalRResource:
    """Return an instance that does not exist, with the Function Apps that a plan names."""
    apps = refresh_serving(instance, planned.function_apps)
    return SignalRResource(
        arm_id=instance.arm_id,
        subscription_id=instance.subscription_id,
        resource_group=instance.resource_group,
        name=instance.name,
        location=instance.location,
        provisioning_state="",
        host_name="",
        principal_id=None,
        tenant_id=None,
        last_modified_at=None,
        state=replace(ABSENT, function_apps=apps),
    )


@transaction.atomic
def _write(
    instance: SignalRInstance,
    seen: Observation,
    grants: Sequence[ObservedGrant],
    reader: VaultReader,
) -> None:
    reload_observed(instance)
    if is_overtaken(instance, seen.at):
        return
    is_changed = observe(instance, seen)
    save_observed(*(([instance], []) if is_changed else ([], [instance])))
    if not is_changed:
        # The desired state may have changed.
        record_statuses([instance.pk])
    save_grants({instance: grants}, save_vaults(reader, at=seen.at), at=seen.at)


@transaction.atomic
def _write_absence(instance: SignalRInstance, *, at: datetime) -> None:
    reload_observed(instance)
    if is_overtaken(instance, at):
        return
    observe_absence(instance, at=at)
    save_observed([instance], [])
    save_grants({instance: ()}, {}, at=at)


def _rows_of(
    subscription: Subscription, *fields: str, where: Q | None = None
) -> Iterator[SignalRInstance]:
    """Yield the instances of a subscription, with what names them and these fields."""
    rows = SignalRInstance.objects.filter(where or Q(), subscription=subscription)
    names = ("name", "resource_group", "subscription")
    for row in rows.only(*names, *fields).in_chunks():
        row.subscription = subscription
        yield row


def _with_senders(subscription: Subscription) -> Iterator[SignalRInstance]:
    """Yield the instances with desired or observed senders; few have any."""
    has_senders = Q(desired_senders__isnull=False) | Q(observed_senders__isnull=False)
    return _rows_of(subscription, "desired_senders", "observed_senders", where=has_senders)
