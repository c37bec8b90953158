"""Importing instances from Azure, and refreshing the known ones.

A subscription is read with one paged list. An interrupted import leaves complete instances, and the
next run continues.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, Q
from django.utils import timezone

from arm.client import ArmClient
from arm.errors import ArmError, Forbidden, NotFound
from arm.resources import SignalRResource, UserAssignedIdentityResource
from arm.state import ABSENT, InstanceState
from identities.models import SignalRInstance, Subscription
from sync.azure_client import arm_client
from sync.components.senders import senders_of, with_senders
from sync.desired.creation import save_subscription
from sync.desired.state import as_planned
from sync.desired.sync_status import record_statuses
from sync.inventory.function_apps import (
    import_function_apps,
    read_pointed_at,
    refresh_receivers,
    refresh_serving,
)
from sync.inventory.imported_list import (
    ImportReport,
    Listing,
    assigned_identities,
    with_components,
)
from sync.inventory.key_vault.grant_reader import (
    ObservedGrant,
    VaultReader,
    grant_query,
    with_grants,
)
from sync.inventory.key_vault.secrets import check_secrets_of
from sync.inventory.key_vault.vault_rows import save_grants, save_vaults
from sync.inventory.observations import (
    Observation,
    is_overtaken,
    observation_of,
    observe,
    observe_absence,
    reload_observed,
    save_observed,
)
from sync.inventory.sender_access import read_sender_access
from sync.inventory.senders import refresh_all_senders, refresh_senders
from sync.inventory.token_resources import (
    list_tenant_applications,
    read_on_schedule,
    read_token_resources,
)
from sync.inventory.user_assigned_identities import save_identities
from upstreams.models import UpstreamTemplate

log = logging.getLogger(__name__)

# ARM also answers this to a credential of the wrong tenant, so it does not mean a deletion.
_SUBSCRIPTION_NOT_FOUND: Final = "SubscriptionNotFound"
# An apply reads the instance before each step, and what resources name once.
_DURING_APPLY: Final = timedelta(hours=1)
_NOTHING_PLANNED: Final = InstanceState()


def import_subscription(
    subscription_id: UUID | str,
    *,
    resource_group: str | None = None,
    name: str | None = None,
    accept: bool = False,
    who: str = "signalman",
) -> ImportReport:
    """Import the instances of a subscription, of one of its resource groups, or one by its name.

    Azure's current state becomes the desired state of a new instance; of a known one only the
    observed state is refreshed, unless `accept` is set. The subscription's Function Apps are
    imported with them. Running it again changes nothing. `who` requested it. Raises ArmError if
    Azure cannot be read.
    """
    client = arm_client(subscription_id)
    subscription = save_subscription(client.get_subscription())
    save_identities(_readable_identities(client))
    listing = Listing(subscription, timezone.now(), creates=True, accepts=accept, who=who)
    answers = client.list_instances_json(resource_group)
    if name is None:
        report = listing.write(answers, resource_group=resource_group)
    else:
        named = (each for each in answers if str(each.get("name")).lower() == name.lower())
        report = listing.write_batch([SignalRResource.from_arm(each) for each in named])
    # Before the Function Apps: what they have to accept follows from the registrations.
    list_tenant_applications()
    read_token_resources(_with_resources(subscription))
    read_sender_access(_rows_of(subscription, "sender_access"))
    refresh_all_senders(_with_senders(subscription))
    return report + ImportReport(unreadable=tuple(_import_function_apps(subscription)))


def import_instance(
    subscription_id: UUID | str,
    resource_group: str,
    name: str,
    *,
    accept: bool = False,
    who: str = "signalman",
) -> SignalRInstance:
    """Import one instance, as `import_subscription` does, and return its row. Raises ArmError."""
    client = arm_client(subscription_id)
    subscription = save_subscription(client.get_subscription())
    listing = Listing(subscription, timezone.now(), creates=True, accepts=accept, who=who)
    listing.write_batch([client.get_instance(resource_group, name)])
    instance = SignalRInstance.objects.with_desired().named(name).get()
    list_tenant_applications()
    read_token_resources([instance])
    read_sender_access([instance])
    refresh_all_senders([instance])
    return instance


def refresh_subscription(subscription: Subscription, *, on_schedule: bool = False) -> ImportReport:
    """Refresh the observed side of every known instance of a subscription. Raises ArmError.

    With `on_schedule`, paused instances are skipped.
    """
    listing = Listing(
        subscription, timezone.now(), creates=False, accepts=False, skips_paused=on_schedule
    )
    report = listing.write(arm_client(subscription.pk).list_instances_json())
    read = read_on_schedule if on_schedule else read_token_resources
    read(_with_resources(subscription))
    read_sender_access(_rows_of(subscription, "sender_access"))
    refresh_all_senders(_with_senders(subscription))
    return report + ImportReport(unreadable=tuple(read_pointed_at(subscription)))


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
    subscription: Subscription,
    *fields: str,
    where: Q | None = None,
    prefetched: Collection[Prefetch[Any]] = (),
) -> Iterator[SignalRInstance]:
    """Yield the instances of a subscription, with what names them and these fields."""
    rows = SignalRInstance.objects.filter(where or Q(), subscription=subscription)
    names = ("name", "resource_group", "subscription")
    for row in rows.only(*names, *fields).prefetch_related(*prefetched).in_chunks():
        row.subscription = subscription
        yield row


def _with_resources(subscription: Subscription) -> Iterator[SignalRInstance]:
    """Yield the instances with the resources of their desired and observed templates."""
    templates = UpstreamTemplate.objects.only("instance", "resource")
    resources = Prefetch("upstream_templates", templates)
    return _rows_of(subscription, "observed", prefetched=[resources])


def _with_senders(subscription: Subscription) -> Iterator[SignalRInstance]:
    """Yield the instances with desired or observed senders; few have any."""
    has_senders = Q(desired_senders__isnull=False) | Q(observed_senders__isnull=False)
    return _rows_of(subscription, "desired_senders", "observed_senders", where=has_senders)


def _readable_identities(client: ArmClient) -> list[UserAssignedIdentityResource]:
    """Return the subscription's user-assigned identities, if the credential may list them.

    Instances name the ones that they use in any case.
    """
    try:
        return list(client.list_user_assigned_identities())
    except Forbidden as error:
        log.warning("User-assigned identities could not be read. %s", error)
        return []


def _import_function_apps(subscription: Subscription) -> list[str]:
    """Import the Function Apps; return what failed, which does not fail the whole import."""
    try:
        return import_function_apps(subscription)
    except Forbidden as error:
        log.warning("Function Apps could not be read. %s", error)
    except ArmError as error:
        return [f"Function Apps: {error}"]
    return []
