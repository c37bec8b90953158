"""Plans as text, in Terraform's style, and as JSON.

Keys in URLs are redacted in both; the digest is that of the plan with its keys.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from sync.planning.changes import KNOWN_AFTER_APPLY, Action, Change
from sync.planning.plan import Plan, Step
from upstreams.url_templates.redaction import redacted

SIGNS: Final[dict[Action, str]] = {"create": "+", "update": "~", "delete": "-"}


def render_text(plan: Plan) -> str:
    """Return the plan as lines for a terminal, with values quoted as JSON."""
    if plan.is_empty:
        return f"No changes. {plan.instance} is in sync with Azure."
    lines = [f"Plan for {plan.instance}:", ""]
    for number, step in enumerate(plan.steps, 1):
        lines += _step_lines(number, step)
    lines.append(summary(plan))
    return "\n".join(lines)


def render_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON values: the steps, their changes, the counts and the digest."""
    return {
        "instance": plan.instance,
        "action": "no-op" if plan.is_empty else "update",
        "digest": plan.digest,
        "counts": counts(plan),
        "is_destructive": bool(plan.losses),
        "steps": redacted(plan.to_json()["steps"]),
    }


def summary(plan: Plan) -> str:
    """Return one line with the counts of a plan."""
    number = counts(plan)
    return (
        f"Plan: {number['create']} to add, {number['update']} to change, "
        f"{number['delete']} to remove."
    )


def counts(plan: Plan) -> dict[Action, int]:
    """Return how many objects of the plan are created, updated and deleted."""
    # A deleted template has its index in the old list, which another one may have in the new.
    found = Counter(action for _target, action in {_object(change) for change in plan.changes})
    return {action: found[action] for action in SIGNS}


def _object(change: Change) -> tuple[str, Action]:
    return change.target, change.action


def _step_lines(number: int, step: Step) -> Iterator[str]:
    yield f"  # {number}. {step.title}"
    for (target, action), changes in groupby(step.changes, key=_object):
        yield f"  {SIGNS[action]} {target} {{"
        yield from (f"      {line}" for line in _field_lines(list(changes)))
        yield "    }"
    yield from (f"  ! {loss}" for loss in step.losses)
    yield from (f"  ! {warning}" for warning in step.warnings)
    yield ""


def _field_lines(changes: list[Change]) -> Iterator[str]:
    rows = [row for change in changes for row in _rows(change)]
    width = max(len(field) for _sign, field, _value in rows)
    for sign, field, value in rows:
        yield f"{sign} {field:<{width}} = {value}"


def _rows(change: Change) -> Iterator[tuple[str, str, str]]:
    if change.action == "update":
        sign = "+" if change.before is None else "-" if change.after is None else "~"
        values = [_quoted(value) for value in (change.before, change.after) if value is not None]
        yield sign, change.field, " -> ".join(values)
        return
    fields = change.after if change.action == "create" else change.before
    for field, value in fields.items():
        if value is not None:
            yield SIGNS[change.action], field, _quoted(value)


def _quoted(value: Any) -> str:
    return KNOWN_AFTER_APPLY if value == KNOWN_AFTER_APPLY else json.dumps(redacted(value))
