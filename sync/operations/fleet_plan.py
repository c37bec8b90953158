"""Plans of many instances at once, and their applying: nothing is written that was not planned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from identities.models import SignalRInstance
from sync.desired.management_policy import require_managed
from sync.errors import NothingToApply
from sync.models import Operation
from sync.operations.instance_plan import plan_instance
from sync.operations.lifecycle import start_apply
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired, Plan

# Instances at once: so many are planned and started within one request and one transaction.
MOST: Final = 200


class TooMany(SyncError):
    """More instances are asked for than are planned at once."""


class StaleFleetPlan(SyncError):
    """The plan that was shown is not the one that would be carried out now: `plan` is."""

    def __init__(self, plan: FleetPlan) -> None:
        super().__init__(
            "The plan is stale: instances came or went, what is wanted of them, or what Azure "
            "has, changed after it was made. Look at the new plan and apply that."
        )
        self.plan = plan


@dataclass(frozen=True, slots=True)
class Refusal:
    """An instance of which nothing is applied, and why."""

    instance: SignalRInstance
    error: SyncError | InvalidDesired


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """The plans of the instances that can be applied and differ, and what stands in others' way.

    `unchanged` are those of which Azure has what is wanted.
    """

    plans: tuple[tuple[SignalRInstance, Plan], ...]
    refusals: tuple[Refusal, ...]
    unchanged: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of all plans: another one where any of them is another."""
        named = [[instance.name, plan.digest] for instance, plan in self.plans]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def plan_instances(instances: QuerySet[SignalRInstance]) -> FleetPlan:
    """Plan all of these, by name, without asking Azure. Raises TooMany."""
    chosen = list(instances.order_by("name")[: MOST + 1])
    if len(chosen) > MOST:
        raise TooMany(f"At most {MOST} instances are planned at once: narrow the filters down.")
    plans: list[tuple[SignalRInstance, Plan]] = []
    refusals: list[Refusal] = []
    unchanged: list[str] = []
    for instance in chosen:
        try:
            plan = plan_instance(instance)
            if plan.is_empty:
                unchanged.append(instance.name)
                continue
            require_managed(instance)
            plans.append((instance, plan))
        except (SyncError, InvalidDesired) as error:
            refusals.append(Refusal(instance, error))
    return FleetPlan(tuple(plans), tuple(refusals), tuple(unchanged))


@dataclass(frozen=True, slots=True)
class Asker:
    """Who starts the work: a user, or somebody by name."""

    name: str
    user: User | None = None


def apply_instances(
    instances: QuerySet[SignalRInstance], *, digest: str, asker: Asker
) -> tuple[Sequence[Operation], Sequence[Refusal]]:
    """Start an operation for each plan of these instances, where `digest` is that of all plans.

    Returns the operations, and the instances of which none was started: one that is busy does not
    hold the others up. Raises TooMany, StaleFleetPlan, and NothingToApply.
    """
    fleet = plan_instances(instances)
    if fleet.digest != digest:
        raise StaleFleetPlan(fleet)
    if not fleet.plans:
        raise NothingToApply("Of none of these instances is there anything to apply.")
    operations: list[Operation] = []
    refusals = list(fleet.refusals)
    with transaction.atomic():
        for instance, plan in fleet.plans:
            try:
                operations.append(_start(instance, plan, asker))
            except SyncError as error:
                refusals.append(Refusal(instance, error))
    return operations, refusals


def _start(instance: SignalRInstance, plan: Plan, asker: Asker) -> Operation:
    return start_apply(
        instance, digest=plan.digest, requested_by=asker.user, requested_by_name=asker.name
    )


def refusal_document(refusal: Refusal) -> dict[str, Any]:
    """Return it as JSON values."""
    return {"instance": refusal.instance.name, "detail": str(refusal.error)}
