"""Reading Azure again and comparing the answer with the desired state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils import timezone

from arm.errors import ArmError, NotFound
from identities.models import SignalRInstance, Subscription
from sync.components.component import SharedRows
from sync.desired.shared_rows import with_shared_rows
from sync.desired.sync_status import sync_status
from sync.inventory.refresh import refresh, refresh_subscription
from sync.models import SyncStatus


@dataclass(frozen=True, slots=True)
class Drift:
    """An instance as it was just read, its sync status, and the rows that a plan for it needs."""

    instance: SignalRInstance
    status: SyncStatus
    rows: SharedRows = field(repr=False)

    @property
    def is_drifted(self) -> bool:
        """Whether the observed state differs from the desired one, or the instance is missing."""
        return self.status in {SyncStatus.OUT_OF_SYNC, SyncStatus.MISSING}


@dataclass(frozen=True, slots=True)
class DriftReport:
    """The sync status of every requested instance, and a message for each failed read."""

    entries: tuple[Drift, ...]
    errors: tuple[str, ...]

    @property
    def drifted(self) -> tuple[Drift, ...]:
        """The instances whose observed state differs from the desired one, or that are missing."""
        return tuple(entry for entry in self.entries if entry.is_drifted)


def refresh_fleet() -> list[str]:
    """Refresh every instance, with one list per subscription; return a message for each failure."""
    errors: list[str] = []
    for subscription in Subscription.objects.filter(instances__isnull=False).distinct():
        try:
            errors += refresh_subscription(subscription).unreadable
        except ArmError as error:
            errors.append(f"{subscription}: {error}")
    return errors


def compare_fleet() -> Iterator[Drift]:
    """Yield the status of every instance as of Azure's last answer. Sends no request."""
    return _compared(SignalRInstance.objects.in_chunks())


def drift_of(instances: Iterable[SignalRInstance]) -> DriftReport:
    """Refresh these instances, each with its own request, and compare."""
    asked = list(instances)
    errors: list[str] = []
    since = timezone.now()
    for instance in asked:
        try:
            refresh(instance, since=since)
        except NotFound as error:
            # A deleted instance is a result, and is stored as missing.
            if instance.missing_since is None:
                errors.append(f"{instance}: {error}")
        except ArmError as error:
            errors.append(f"{instance}: {error}")
    return compare(asked, errors)


def compare(instances: Iterable[SignalRInstance], errors: Iterable[str] = ()) -> DriftReport:
    """Return the status of these instances as of Azure's last answer. Sends no request."""
    return DriftReport(tuple(_compared(instances)), tuple(errors))


def _compared(instances: Iterable[SignalRInstance]) -> Iterator[Drift]:
    for instance, rows in with_shared_rows(instances):
        yield Drift(instance, sync_status(instance, rows), rows)
