"""Bringing instances from Azure into Signalman, and refreshing what it knows of them.

Azure is read with one paged list for a subscription. A process that dies leaves whole instances,
and the next run does the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from arm.client import ArmClient
from arm.errors import ArmError, Forbidden, NotFound
from arm.function_app_authentication import FunctionAppState
from arm.resources import SignalRResource, SubscriptionResource, UserAssignedIdentityResource
from arm.state import GrantState
from identities.models import SignalRInstance, Subscription
from sync.azure_client import arm_client
from sync.inventory.function_apps import import_function_apps, read_pointed_at, refresh_serving
from sync.inventory.instance_list import ImportReport, Listing, borrowed_identities
from sync.inventory.observations import (
    Sighting,
    catch_up,
    is_overtaken,
    observe,
    observe_absence,
    save_observed,
    sighting,
)
from sync.inventory.user_assigned_identities import remember_identities
from sync.inventory.vault_grants import save_grants, save_vaults
from sync.inventory.vault_reader import Held, VaultReader, question, with_grants

log = logging.getLogger(__name__)

# ARM says this to a credential of the wrong tenant too, so it does not mean that all is deleted.
_SUBSCRIPTION_NOT_FOUND: Final = "SubscriptionNotFound"


def import_subscription(
    subscription_id: UUID | str,
    *,
    resource_group: str | None = None,
    name: str | None = None,
    accept: bool = False,
    who: str = "signalman",
) -> ImportReport:
    """Import the instances of a subscription, of one of its resource groups, or one by its name.

    Of an instance that is new here, what is wanted becomes what Azure has; of a known one only the
    observed side is refreshed, unless `accept` says to want what Azure has. The subscription's
    Function Apps come with them. Running it again changes nothing. `who` asked for it. Raises
    ArmError where Azure cannot be read.
    """
    client = arm_client(subscription_id)
    subscription = remember_subscription(client.get_subscription())
    remember_identities(_readable_identities(client))
    listing = Listing(subscription, timezone.now(), creates=True, accepts=accept, who=who)
    answers = client.list_instances_json(resource_group)
    if name is None:
        report = listing.write(answers, resource_group=resource_group)
    else:
        named = (each for each in answers if str(each.get("name")).lower() == name.lower())
        report = listing.write_batch([SignalRResource.from_arm(each) for each in named])
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
    subscription = remember_subscription(client.get_subscription())
    listing = Listing(subscription, timezone.now(), creates=True, accepts=accept, who=who)
    listing.write_batch([client.get_instance(resource_group, name)])
    return SignalRInstance.objects.with_desired().named(name).get()


def refresh_subscription(subscription: Subscription, *, on_schedule: bool = False) -> ImportReport:
    """Refresh the observed side of every known instance of a subscription. Raises ArmError.

    `on_schedule` leaves the paused ones as they are: nobody asked.
    """
    listing = Listing(
        subscription, timezone.now(), creates=False, accepts=False, spares_paused=on_schedule
    )
    report = listing.write(arm_client(subscription.pk).list_instances_json())
    return report + ImportReport(unreadable=tuple(read_pointed_at(subscription)))


def refresh(
    instance: SignalRInstance,
    *,
    grants: Collection[GrantState] = (),
    apps: Collection[FunctionAppState] = (),
) -> SignalRResource:
    """Read one instance from Azure and write its observed side, on the row and in memory.

    Of grants, those that the references need, wanted or in Azure, and besides these `grants`. An
    answer that a later one has overtaken is returned and not written down. Raises ArmError; before
    NotFound it writes down that the instance is gone.
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
    identities = remember_identities(borrowed_identities([resource]))
    seen = sighting(
        resource, at=asked_at, subscription=instance.subscription, identities=identities
    )
    reader = VaultReader(instance.subscription_id)
    held = reader.held(question(resource, seen.principal_id, instance, grants))
    seen = replace(seen, resource=with_grants(resource, held))
    _write(instance, seen, held, reader)
    found = refresh_serving(instance, apps)
    return replace(seen.resource, state=replace(seen.resource.state, function_apps=found))


@transaction.atomic
def _write(
    instance: SignalRInstance, seen: Sighting, held: Sequence[Held], reader: VaultReader
) -> None:
    catch_up(instance)
    if is_overtaken(instance, seen.at):
        return
    observe(instance, seen)
    save_observed([instance], [])
    save_grants({instance: held}, save_vaults(reader, at=seen.at), at=seen.at)


@transaction.atomic
def _write_absence(instance: SignalRInstance, *, at: datetime) -> None:
    catch_up(instance)
    if is_overtaken(instance, at):
        return
    observe_absence(instance, at=at)
    save_observed([instance], [])
    save_grants({instance: ()}, {}, at=at)


def _readable_identities(client: ArmClient) -> list[UserAssignedIdentityResource]:
    """Return the subscription's user-assigned identities; instances name those they use anyway."""
    try:
        return list(client.list_user_assigned_identities())
    except Forbidden as error:
        log.warning("User-assigned identities were not read. %s", error)
        return []


def _import_function_apps(subscription: Subscription) -> list[str]:
    """Import the Function Apps, and return what failed: that does not hide the instances."""
    try:
        return import_function_apps(subscription)
    except Forbidden as error:
        log.warning("Function Apps were not read. %s", error)
    except ArmError as error:
        return [f"Function Apps: {error}"]
    return []


def remember_subscription(answer: SubscriptionResource) -> Subscription:
    """Save a subscription as Azure answered it, and return its row."""
    row, _ = Subscription.objects.update_or_create(
        subscription_id=answer.subscription_id,
        defaults={"tenant_id": answer.tenant_id, "display_name": answer.display_name},
    )
    return row
