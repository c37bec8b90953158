"""Why a step of a plan comes where it comes, in words. Free of Django."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sync.planning.components import part_of
from sync.planning.components.component import Place
from sync.planning.plan import Plan, Step

_REASONS: Final[Mapping[tuple[str, Place], str]] = {
    ("existence", Place.EXISTENCE): "All else is a part of the instance.",
    ("function_apps", Place.BEFORE_IDENTITY): (
        "Before the templates, which are about to send what the app refuses now."
    ),
    ("grants", Place.BEFORE_IDENTITY): (
        "Before the identity: a user-assigned one can be let in first, so that no secret is "
        "unreadable in between."
    ),
    ("identity", Place.IDENTITY): (
        "Before whatever uses it: grants name it, and signed templates send as it."
    ),
    ("grants", Place.AFTER_IDENTITY): (
        "After the identity, whose principal ID exists no sooner, and before the templates that "
        "name its secrets."
    ),
    ("templates", Place.TEMPLATES): (
        "After the identity that signs and the grants that are needed, and before an identity that "
        "is let go of."
    ),
    ("function_apps", Place.AFTER_TEMPLATES): (
        "After the templates sign: the app is open now, and closed any sooner would refuse events."
    ),
    ("identity", Place.LET_GO): "Last: by now no template and no grant uses the identity.",
}


def reason(plan: Plan, step: Step) -> str:
    """Return why `step` comes where it does in `plan`, as a sentence."""
    place = part_of(step.kind).place(plan.before, plan.target)
    return _REASONS.get((step.kind, place), "")
