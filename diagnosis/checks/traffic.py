"""Whether the deliveries of the last hour were accepted, and if not, what caused that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.reason_codes import Cause, cause_of, explain

# One delivery in this many may fail: changing settings briefly causes that.
_ONE_IN: Final = 100


def check_traffic(context: Context) -> Iterator[Finding]:
    """Report how many deliveries were accepted in the last hour, and why others were not.

    Fails only for reasons that no unauthenticated sender can cause, where they are more than a
    small share of what the service sent. Unauthenticated requests are left out of that share.
    """
    key, title = "deliveries_accepted", "Deliveries are accepted"
    evidence = _evidence(context)
    taken = context.accepted + sum(context.failed.values())
    if not taken and not context.refused:
        yield unknown(key, title, "There were no deliveries in the last hour.")
    elif reason := _too_many(context, Cause.OURS):
        share = f"More than 1 in {_ONE_IN} failed because of a setting, mostly {reason}."
        yield failed(key, title, f"{evidence} {share}", explain(reason).fix)
    elif reason := _too_many(context, Cause.EITHER):
        yield unknown(
            key,
            title,
            f"{evidence} The counts do not show whether the service sent the refused requests.",
            f"If the service sent them: {explain(reason).fix}",
        )
    elif not taken:
        yield unknown(
            key,
            title,
            f"{evidence} Unauthenticated requests may be the cause of these refusals.",
        )
    else:
        yield passed(key, title, evidence)


def _evidence(context: Context) -> str:
    parts = [f"{context.accepted} accepted in the last hour."]
    for verb, counts in (("Refused", context.refused), ("Failed", context.failed)):
        if counts:
            reasons = ", ".join(f"{count} for {reason}" for reason, count in _sorted(counts))
            parts.append(f"{verb}: {reasons}.")
    return " ".join(parts)


def _too_many(context: Context, cause: Cause) -> str | None:
    """Return the most frequent reason of that cause, where more than a small share has it."""
    refused, failures = (_of(cause, each) for each in (context.refused, context.failed))
    counts = refused + failures
    compared = context.accepted + sum(context.failed.values()) + refused.total()
    if counts.total() * _ONE_IN <= compared:
        return None
    return _sorted(counts)[0][0]


def _of(cause: Cause, counts: Mapping[str, int]) -> Counter[str]:
    return Counter({reason: n for reason, n in counts.items() if cause_of(reason) is cause})


def _sorted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the reasons with their counts, the most frequent first."""
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
