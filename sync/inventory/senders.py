"""Reading which of the desired senders of an instance may send to it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from arm.errors import ArmError
from identities.models import SignalRInstance
from sync.azure_client import arm_client
from sync.components.senders import Sender, desired_senders, read_senders, to_json
from sync.desired.sync_status import record_statuses

log = logging.getLogger(__name__)


def refresh_senders(instance: SignalRInstance, planned: Collection[Sender] = ()) -> list[Sender]:
    """Read which of the desired senders, and of these, may send; store and return it.

    If the role assignments cannot be read, what was stored stays. Raises ArmError only if there are
    planned senders.
    """
    desired = desired_senders(instance)
    relevant = {*desired, *planned}
    try:
        client = arm_client(instance.subscription_id) if relevant else None
        found = read_senders(client, instance, sorted(relevant)) if client else []
    except ArmError as error:
        if planned:
            raise
        log.warning("The senders of %s were not read. %s", instance, error)
        return [Sender(*each) for each in instance.observed_senders or ()]
    value = to_json(each for each in found if each in desired) or None
    if value != instance.observed_senders:
        instance.observed_senders = value
        SignalRInstance.objects.filter(pk=instance.pk).update(observed_senders=value)
        record_statuses([instance.pk])
    return found


def refresh_all_senders(instances: Iterable[SignalRInstance]) -> None:
    """Read the senders of these instances, as `refresh_senders` does."""
    for instance in instances:
        refresh_senders(instance)
