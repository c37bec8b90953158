"""Waiting for written changes to take effect.

A role assignment may take half an hour to take effect everywhere, and as long may pass until the
service reads a Key Vault reference again. The operation says so, checks from time to time, and
succeeds when the change was seen to be in effect or the time has passed. In the meantime the
instance is free for another operation.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from identities.models import SignalRInstance
from sync.components.grants import PROPAGATION_MINUTES
from sync.components.registry import REGISTRY
from sync.models import Operation
from sync.operations.claims import Claim
from sync.operations.retries import MAX_ATTEMPTS
from sync.planning.plan import Plan

log = logging.getLogger(__name__)

LONGEST: Final = timedelta(minutes=PROPAGATION_MINUTES)
# The last check falls on the end of the wait.
CHECK_AFTER: Final = LONGEST / MAX_ATTEMPTS


def settle(claim: Claim) -> datetime | None:
    """End an operation whose steps are in Azure, or wait for them to take effect."""
    if propagating(claim.plan):
        return _wait(claim, attempt=1)
    _succeed(claim)
    return None


def check_propagation(claim: Claim) -> datetime | None:
    """End the wait if everything is in effect or the time has passed; otherwise continue it."""
    since = _written_at(claim)
    seen = _in_effect(claim.operation.instance, claim.plan, since)
    if propagating(claim.plan) <= seen or claim.now >= since + LONGEST:
        _succeed(claim)
        return None
    return _wait(claim, attempt=claim.operation.attempt + 1)


def propagating(plan: Plan) -> frozenset[str]:
    """Return the names of what may not be in effect when the plan's steps are done."""
    kinds = [step.kind for step in plan.steps]
    found: frozenset[str] = frozenset()
    for number, step in enumerate(plan.steps):
        before, later = plan.states[number], kinds[number + 1 :]
        found |= REGISTRY[step.kind].propagating(before, step.after, later)
    return found


def _wait(claim: Claim, *, attempt: int) -> datetime:
    end = _written_at(claim) + LONGEST
    names = ", ".join(sorted(propagating(claim.plan)))
    why = f"propagation, until {end:%Y-%m-%d %H:%M} UTC at the latest: until then the secrets of"
    return claim.release(
        state=Operation.State.PROPAGATING,
        due_at=min(claim.now + CHECK_AFTER, max(end, claim.now)),
        waiting_for=f"{why} {names} may not be readable"[:255],
        attempt=attempt,
        error_code="",
        error_message="",
    )


def _succeed(claim: Claim) -> None:
    claim.finish(Operation.State.SUCCEEDED, attempt=1, error_code="", error_message="")
    log.info("Operation %s on %s succeeded.", claim.operation.pk, claim.operation.instance)


def _written_at(claim: Claim) -> datetime:
    return max((step.finished_at for step in claim.steps if step.finished_at), default=claim.now)


def _in_effect(instance: SignalRInstance, plan: Plan, since: datetime) -> frozenset[str]:
    kinds = {step.kind for step in plan.steps}
    seen = (REGISTRY[kind].in_effect(instance, plan.target, since) for kind in kinds)
    return frozenset().union(*seen)
