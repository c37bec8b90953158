"""Waiting for grants to act: all is written by then, and events may fail all the same.

A role assignment may take half an hour to act everywhere, and as long may pass until SignalR reads
a reference again that no change of templates or identity makes it read at once. The operation says
so, looks again from time to time, and succeeds when an event came through that needs the secret, or
when the time is over. Meanwhile the instance is free for another operation.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from arm.state import GrantState
from identities.models import SignalRInstance
from sync.models import Operation
from sync.operations.backoff import MAX_ATTEMPTS
from sync.operations.claims import Claim
from sync.planning.components.grants import PROPAGATION_MINUTES
from sync.planning.components.vault_names import vaults_of
from sync.planning.plan import Plan
from upstreams.models import Delivery
from upstreams.patterns import first_match

log = logging.getLogger(__name__)

LONGEST: Final = timedelta(minutes=PROPAGATION_MINUTES)
# The last attempt falls on the end of the wait.
LOOK_AGAIN_AFTER: Final = LONGEST / MAX_ATTEMPTS
# The writes after which SignalR reads every reference anew.
_READ_ANEW: Final = frozenset({"identity", "templates"})
# Deliveries looked at; the newest tell as much as all.
_SAMPLE: Final = 100


def settle(claim: Claim) -> datetime | None:
    """End an operation whose steps are in Azure, or wait for its grants to act."""
    if awaited(claim.plan):
        return _wait(claim, attempt=1)
    _succeed(claim)
    return None


def look_again(claim: Claim) -> datetime | None:
    """End the wait where the grants are seen to act or the time is over; otherwise go on."""
    instance, since = claim.operation.instance, _written_at(claim)
    missing = {grant.vault for grant in awaited(claim.plan)} - _seen(instance, claim.plan, since)
    if not missing or claim.now >= since + LONGEST:
        _succeed(claim)
        return None
    return _wait(claim, attempt=claim.operation.attempt + 1)


def awaited(plan: Plan) -> tuple[GrantState, ...]:
    """Return the grants of a plan that may not act at once when it is carried out."""
    kinds = [step.kind for step in plan.steps]
    is_read_anew = "grants" in kinds and _READ_ANEW & {*kinds[kinds.index("grants") :]}
    return tuple(
        grant
        for grant in plan.target.grants
        if grant not in plan.before.grants
        if grant.mechanism == "role_assignment" or not is_read_anew
    )


def _wait(claim: Claim, *, attempt: int) -> datetime:
    end = _written_at(claim) + LONGEST
    vaults = ", ".join(sorted({grant.vault for grant in awaited(claim.plan)}))
    why = f"propagation, until {end:%Y-%m-%d %H:%M} UTC at the latest: until then the secrets of"
    return claim.release(
        state=Operation.State.PROPAGATING,
        due_at=min(claim.now + LOOK_AGAIN_AFTER, max(end, claim.now)),
        waiting_for=f"{why} {vaults} may not be readable"[:255],
        attempt=attempt,
        error_code="",
        error_message="",
    )


def _succeed(claim: Claim) -> None:
    claim.finish(Operation.State.SUCCEEDED, attempt=1, error_code="", error_message="")
    log.info("Operation %s on %s succeeded.", claim.operation.pk, claim.operation.instance)


def _written_at(claim: Claim) -> datetime:
    return max((step.finished_at for step in claim.steps if step.finished_at), default=claim.now)


def _seen(instance: SignalRInstance, plan: Plan, since: datetime) -> set[str]:
    """Return the vaults whose secrets SignalR has read: events came that name them.

    Only Signalman's own receiver can tell; of a Function App nothing is heard here.
    """
    accepted = Delivery.objects.filter(
        instance=instance, outcome="accepted", received_at__gt=since
    ).order_by("-received_at")
    events = accepted.values_list("hub", "category", "event")[:_SAMPLE]
    taken = (first_match(plan.target.templates, *event) for event in set(events))
    return {vault for template in taken if template for vault in vaults_of(template.url_template)}
