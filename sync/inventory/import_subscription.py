"""The import of a subscription or of one instance: reads Azure.

`create_and_update_instances` writes the rows. A subscription is read with one paged list. An
interrupted import leaves complete instances, and the next run continues.
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.utils import timezone

from arm.client import ArmClient
from arm.errors import ArmError, Forbidden
from arm.resources import SignalRResource, UserAssignedIdentityResource
from identities.models import SignalRInstance, Subscription
from sync.azure_client import arm_client
from sync.desired.add_instance import save_subscription
from sync.inventory.create_and_update_instances import ImportReport, Listing
from sync.inventory.function_apps import import_function_apps
from sync.inventory.refresh import refresh_resources_and_senders
from sync.inventory.sender_role import read_sender_access
from sync.inventory.senders import refresh_all_senders
from sync.inventory.token_resources import list_tenant_applications, read_token_resources
from sync.inventory.user_assigned_identities import save_identities

log = logging.getLogger(__name__)


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
    refresh_resources_and_senders(subscription)
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
