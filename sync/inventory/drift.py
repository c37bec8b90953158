"""Asking Azure again, and comparing what it answers with what is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from arm.errors import ArmError, NotFound
from identities.models import SignalRInstance, Subscription
from sync.desired.function_app_targets import managed_apps
from sync.desired.state import known_vaults
from sync.inventory.import_instances import refresh, refresh_subscription
from sync.inventory.sync_status import SyncStatus, sync_status


@dataclass(frozen=True, slots=True)
class Drift:
    """An instance as it was just read, and how it stands."""

    instance: SignalRInstance
    status: SyncStatus


@dataclass(frozen=True, slots=True)
class DriftReport:
    """How every instance that was asked about stands, and a sentence for each failed read."""

    entries: tuple[Drift, ...]
    errors: tuple[str, ...]

    @property
    def drifted(self) -> tuple[Drift, ...]:
        """Those that Azure has otherwise than wanted, or not at all."""
        differing = (SyncStatus.OUT_OF_SYNC, SyncStatus.MISSING)
        return tuple(entry for entry in self.entries if entry.status in differing)


def drift_of_fleet() -> DriftReport:
    """Refresh every known instance, with one list for each subscription, and compare."""
    errors: list[str] = []
    for subscription in Subscription.objects.filter(instances__isnull=False).distinct():
        try:
            errors += refresh_subscription(subscription).unreadable
        except ArmError as error:
            errors.append(f"{subscription}: {error}")
    return compare(SignalRInstance.objects.with_desired(), errors)


def drift_of(instances: Iterable[SignalRInstance]) -> DriftReport:
    """Refresh these instances, one request for each, and compare."""
    asked = list(instances)
    errors: list[str] = []
    for instance in asked:
        try:
            refresh(instance)
        except NotFound as error:
            # Gone is an answer, and written down as such.
            if instance.missing_since is None:
                errors.append(f"{instance}: {error}")
        except ArmError as error:
            errors.append(f"{instance}: {error}")
    return compare(asked, errors)


def compare(instances: Iterable[SignalRInstance], errors: Iterable[str] = ()) -> DriftReport:
    """Return how these instances stand as of their last answer; asks Azure nothing."""
    known = known_vaults(), managed_apps()
    entries = (Drift(instance, sync_status(instance, *known)) for instance in instances)
    return DriftReport(tuple(entries), tuple(errors))
