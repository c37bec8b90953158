"""Instances that Signalman makes in Azure, and those that it deletes there."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from arm.state import ExistenceState
from identities.models import SignalRInstance
from sync.audit import record_change
from sync.azure_client import arm_client
from sync.desired.history import Author, record_desired
from sync.inventory.import_instances import remember_subscription
from sync.planning.errors import SyncError


class NotCreatable(SyncError):
    """No instance can be wanted by that description."""


class Protected(SyncError):
    """The instance is protected against deletion, or its deletion was not confirmed by name."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where in Azure an instance is to be."""

    subscription_id: UUID
    resource_group: str


def want_new_instance(
    name: str, site: Site, existence: ExistenceState, *, who: str
) -> SignalRInstance:
    """Want an instance that Azure does not have yet; an apply of its plan makes it.

    Asks Azure whether the name is free, and sends it nothing. What Signalman makes it also manages.
    Raises NotCreatable, and ArmError where Azure cannot be asked.
    """
    require_creatable(name, site, existence)
    return save_new_instance(name, site, existence, who=who)


def require_creatable(name: str, site: Site, existence: ExistenceState) -> None:
    """Ask Azure whether an instance of that description can be made; wants nothing yet.

    The subscription is known here afterwards. Raises NotCreatable, and ArmError.
    """
    client = arm_client(site.subscription_id)
    remember_subscription(client.get_subscription())
    try:
        _new_row(name, site, existence).full_clean()
    except ValidationError as error:
        raise NotCreatable(" ".join(error.messages)) from error
    if (taken := client.check_name(name, location=existence.location)) is not None:
        raise NotCreatable(
            f"{name} cannot be made: {taken} "
            f"If it is yours, run `manage.py import_instances --name {name}`."
        )


def save_new_instance(
    name: str, site: Site, existence: ExistenceState, *, who: str
) -> SignalRInstance:
    """Want an instance that `require_creatable` found nothing against. Azure is not asked."""
    instance = _new_row(name, site, existence)
    with transaction.atomic():
        instance.save()
        document = {
            "resource_group": site.resource_group,
            "location": existence.location,
            "sku": existence.sku,
            "service_mode": existence.service_mode,
        }
        record_change(instance, "want instance", who=who, after=document)
        record_desired([instance.pk], Author(who, "create"))
    return instance


def make_if_missing(instance: SignalRInstance, *, who: str, is_made: bool = True) -> bool:
    """Let an apply make `instance` where Azure has none, or do so no more.

    Returns whether that is news.
    """
    with transaction.atomic():
        row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        before, row.create_if_missing = row.create_if_missing, is_made
        instance.create_if_missing = is_made
        if before == is_made:
            return False
        row.save(update_fields=["create_if_missing"])
        record_change(row, "set create_if_missing", who=who, before=str(before), after=str(is_made))
    return True


def protect(instance: SignalRInstance, *, who: str, is_protected: bool = True) -> bool:
    """Protect `instance` against deletion, or do so no more; return whether that is news."""
    with transaction.atomic():
        row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        before, row.is_protected = row.is_protected, is_protected
        instance.is_protected = is_protected
        if before == is_protected:
            return False
        row.save(update_fields=["is_protected"])
        record_change(row, "set is_protected", who=who, before=str(before), after=str(is_protected))
    return True


def let_go(instance: SignalRInstance, *, confirm: str) -> None:
    """Want `instance` no longer to be made where Azure has none; for its deletion.

    `confirm` is the instance's name as the operator typed it. Raises Protected.
    """
    row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
    if row.is_protected:
        raise Protected(
            f"{row} is protected against deletion: run `manage.py protect {row} --off` first."
        )
    if confirm != row.name:
        raise Protected(f"Confirm the deletion by the name {row.name!r}, not {confirm!r}.")
    row.create_if_missing = False
    row.save(update_fields=["create_if_missing"])


def _new_row(name: str, site: Site, existence: ExistenceState) -> SignalRInstance:
    return SignalRInstance(
        name=name,
        subscription_id=site.subscription_id,
        resource_group=site.resource_group,
        location=existence.location,
        sku=existence.sku,
        service_mode=existence.service_mode,
        policy=SignalRInstance.Policy.MANAGE,
        create_if_missing=True,
    )
