"""Planning many instances and applying the plans. Every interface calls these functions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.actor import Actor
from identities.models import SignalRInstance
from sync.desired.management_policy import require_managed
from sync.desired.shared_rows import shared_rows
from sync.errors import NothingToApply, OperationRunning
from sync.models import Operation
from sync.operations.plans.instance import plan_instance
from sync.operations.start import Prepared, prepare_apply, queue_operations
from sync.planning.errors import SyncError
from sync.planning.plan import Plan

# Instances that are planned and applied within one request and one transaction.
MOST_INSTANCES: Final = 200


class TooMany(SyncError):
    """More instances were selected than can be planned at once."""


class StaleFleetPlan(SyncError):
    """The digest is not that of the current plans, which are `plan`."""

    def __init__(self, plan: FleetPlan) -> None:
        super().__init__(
            "The plan is stale: instances were added or removed, or the desired state or Azure "
            "changed, after it was made. Review the new plan, then apply it."
        )
        self.plan = plan


@dataclass(frozen=True, slots=True)
class Refusal:
    """An instance to which nothing is applied, and why. `plan` is None if there is no plan."""

    instance: SignalRInstance
    error: SyncError
    plan: Plan | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the refusal as JSON values."""
        return {"instance": self.instance.name, "detail": str(self.error)}


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """The plans that can be applied, the instances that are refused, and those in sync."""

    plans: tuple[tuple[SignalRInstance, Plan], ...]
    refusals: tuple[Refusal, ...]
    unchanged: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of all plans, in hexadecimal."""
        named = [[instance.name, plan.digest] for instance, plan in self.plans]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class StartedApplies:
    """The operations that were started, and the instances for which none was."""

    operations: tuple[Operation, ...]
    refusals: tuple[Refusal, ...]


def plan_instances(instances: QuerySet[SignalRInstance]) -> FleetPlan:
    """Plan these instances by name. Sends no request. Raises TooMany."""
    selected = list(instances.order_by("name")[: MOST_INSTANCES + 1])
    if len(selected) > MOST_INSTANCES:
        raise TooMany(
            f"At most {MOST_INSTANCES} instances can be planned at once. Narrow the filters."
        )
    plans: list[tuple[SignalRInstance, Plan]] = []
    refusals: list[Refusal] = []
    unchanged: list[str] = []
    rows = shared_rows()
    for instance in selected:
        plan: Plan | None = None
        try:
            plan = plan_instance(instance, rows=rows)
            if plan.is_empty:
                unchanged.append(instance.name)
                continue
            require_managed(instance)
            plans.append((instance, plan))
        except SyncError as error:
            refusals.append(Refusal(instance, error, plan))
    return FleetPlan(tuple(plans), tuple(refusals), tuple(unchanged))


def without_running(fleet: FleetPlan) -> FleetPlan:
    """Return the plan with instances refused on which an operation is in progress."""
    keys = [instance.pk for instance, _ in fleet.plans]
    running = Operation.objects.unfinished_by_instance(keys)
    refused = tuple(
        Refusal(instance, OperationRunning(running[instance.pk]), plan)
        for instance, plan in fleet.plans
        if instance.pk in running
    )
    plans = tuple(each for each in fleet.plans if each[0].pk not in running)
    return FleetPlan(plans, (*fleet.refusals, *refused), fleet.unchanged)


def apply_instances(
    instances: QuerySet[SignalRInstance],
    *,
    digest: str,
    actor: Actor,
    confirm_destructive: bool = False,
) -> StartedApplies:
    """Start an operation for each plan of these instances, if `digest` is that of all plans.

    An instance on which an operation is in progress does not stop the others. Raises TooMany,
    StaleFleetPlan and NothingToApply.
    """
    fleet = plan_instances(instances)
    if fleet.digest != digest:
        raise StaleFleetPlan(fleet)
    if not fleet.plans:
        raise NothingToApply("None of these instances has changes to apply.")
    shown = [(instance, plan.digest) for instance, plan in fleet.plans]
    started = start_applies(shown, actor=actor, confirm_destructive=confirm_destructive)
    return StartedApplies(started.operations, (*fleet.refusals, *started.refusals))


@transaction.atomic
def start_applies(
    shown: Iterable[tuple[SignalRInstance, str]],
    *,
    actor: Actor,
    paths: Collection[str] = (),
    confirm_destructive: bool = False,
) -> StartedApplies:
    """Start an operation for each instance, with the digest of its plan as it was shown.

    An instance that is refused does not stop the others.
    """
    prepared: list[Prepared] = []
    refusals: list[Refusal] = []
    rows = shared_rows()
    for instance, digest in shown:
        try:
            each = prepare_apply(
                instance,
                digest=digest,
                actor=actor,
                paths=paths,
                confirm_destructive=confirm_destructive,
                rows=rows,
            )
            prepared.append(each)
        except SyncError as error:
            refusals.append(Refusal(instance, error))
    operations, running = queue_operations(prepared)
    refusals += [Refusal(error.operation.instance, error) for error in running]
    return StartedApplies(tuple(operations), tuple(refusals))


def messages_of(refusals: Sequence[Refusal]) -> list[str]:
    """Return a message for each refusal."""
    return [f"{each.instance}: {each.error}" for each in refusals]
