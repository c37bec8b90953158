"""Adding instances that do not exist in Azure yet."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from arm.instance_state import ExistenceState
from arm.resources import SubscriptionResource
from identities.models import SignalRInstance, Subscription
from sync.azure_client import arm_client
from sync.desired.history import Author, record_desired
from sync.planning.errors import SyncError
from sync.record_audit import record_change


class NotCreatable(SyncError):
    """Azure would not create an instance of that description."""


@dataclass(frozen=True, slots=True)
class Site:
    """The place of an instance in Azure."""

    subscription_id: UUID
    resource_group: str


def add_new_instance(
    name: str, site: Site, existence: ExistenceState, *, who: str
) -> SignalRInstance:
    """Add an instance that does not exist in Azure; applying its plan creates it.

    Checks in Azure whether the name is available, and writes nothing there. Sets its policy to
    manage. Raises NotCreatable, and ArmError if Azure cannot be reached.
    """
    require_creatable(name, site, existence)
    return save_new_instance(name, site, existence, who=who)


def require_creatable(name: str, site: Site, existence: ExistenceState) -> None:
    """Check in Azure whether an instance of that description can be created.

    Saves the subscription. Raises NotCreatable and ArmError.
    """
    client = arm_client(site.subscription_id)
    save_subscription(client.get_subscription())
    try:
        _new_row(name, site, existence).full_clean()
    except ValidationError as error:
        raise NotCreatable(" ".join(error.messages)) from error
    if (taken := client.check_name(name, location=existence.location)) is not None:
        raise NotCreatable(
            f"{name} cannot be created: {taken} "
            f"If the instance is yours, run `manage.py import_instances --name {name}`."
        )


def save_new_instance(
    name: str, site: Site, existence: ExistenceState, *, who: str
) -> SignalRInstance:
    """Add an instance that `require_creatable` accepted. Sends no request to Azure."""
    instance = _new_row(name, site, existence)
    with transaction.atomic():
        instance.save()
        document = {
            "resource_group": site.resource_group,
            "location": existence.location,
            "sku": existence.sku,
            "service_mode": existence.service_mode,
        }
        record_change(instance, "add instance", who=who, after=document)
        record_desired([instance.pk], Author(who, "create"))
    return instance


def set_create_if_missing(
    instance: SignalRInstance, *, who: str, create_if_missing: bool = True
) -> bool:
    """Set whether an apply may create `instance` if it does not exist.

    Returns whether that is a change.
    """
    with transaction.atomic():
        row = SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        before, row.create_if_missing = row.create_if_missing, create_if_missing
        instance.create_if_missing = create_if_missing
        if before == create_if_missing:
            return False
        row.save(update_fields=["create_if_missing"])
        after = str(create_if_missing)
        record_change(row, "set create_if_missing", who=who, before=str(before), after=after)
    return True


def _new_row(name: str, site: Site, existence: ExistenceState) -> SignalRInstance:
    return SignalRInstance(
        name=name,
        subscription_id=site.subscription_id,
        resource_group=site.resource_group,
        location=existence.location,
        sku=existence.sku,
        service_mode=existence.service_mode,
        desired_service_mode=existence.service_mode,
        policy=SignalRInstance.Policy.MANAGE,
        create_if_missing=True,
    )


def save_subscription(answer: SubscriptionResource) -> Subscription:
    """Save a subscription as Azure answered, and return its row."""
    row, _ = Subscription.objects.update_or_create(
        subscription_id=answer.subscription_id,
        defaults={"tenant_id": answer.tenant_id, "display_name": answer.display_name},
    )
    return row
