"""Reading Azure again and comparing the answer with the desired state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from arm.errors import ArmError, NotFound
from identities.models import SignalRInstance, Subscription
from sync.desired.state import shared_rows
from sync.desired.sync_status import sync_status
from sync.inventory.import_instances import refresh, refresh_subscription
from sync.models import SyncStatus


@dataclass(frozen=True, slots=True)
class Drift:
    """An instance as it was just read, and its sync status."""

    instance: SignalRInstance
    status: SyncStatus


@dataclass(frozen=True, slots=True)
class DriftReport:
    """The sync status of every requested instance, and a message for each failed read."""

    entries: tuple[Drift, ...]
    errors: tuple[str, ...]

    @property
    def drifted(self) -> tuple[Drift, ...]:
        """The instances whose observed state differs from the desired one, or that are missing."""
        differing = (SyncStatus.OUT_OF_SYNC, SyncStatus.MISSING)
        return tuple(entry for entry in self.entries if entry.status in differing)


def drift_of_fleet() -> DriftReport:
    """Refresh every instance, with one list per subscription, and compare."""
    errors: list[str] = []
    for subscription in Subscription.objects.filter(instances__isnull=False).distinct():
        try:
            errors += refresh_subscription(subscription).unreadable
        except ArmError as error:
            errors.append(f"{subscription}: {error}")
    return compare(SignalRInstance.objects.with_desired(), errors)


def drift_of(instances: Iterable[SignalRInstance]) -> DriftReport:
    """Refresh these instances, each with its own request, and compare."""
    asked = list(instances)
    errors: list[str] = []
    for instance in asked:
        try:
            refresh(instance)
        except NotFound as error:
            # A deleted instance is a result, and is stored as missing.
            if instance.missing_since is None:
                errors.append(f"{instance}: {error}")
        except ArmError as error:
            errors.append(f"{instance}: {error}")
    return compare(asked, errors)


def compare(instances: Iterable[SignalRInstance], errors: Iterable[str] = ()) -> DriftReport:
    """Return the status of these instances as of Azure's last answer. Sends no request."""
    shared = shared_rows()
    entries = (Drift(instance, sync_status(instance, *shared)) for instance in instances)
    return DriftReport(tuple(entries), tuple(errors))
