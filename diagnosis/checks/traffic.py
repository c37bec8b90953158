"""What the receiver saw lately, and what of it our side is the cause of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from diagnosis.context import Subject
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.reason_codes import Cause, cause_of, explain

# One delivery in so many may go wrong: settings on their way from one to another do as much.
_ONE_IN: Final = 100


def check_traffic(subject: Subject) -> Iterator[Finding]:
    """Say how many deliveries were accepted in the last hour, and why others were not.

    It fails only for what no stranger can cause, and where that is more than a small share of what
    the service sent: what strangers send is left out of the comparison, so that it hides nothing.
    """
    key, title = "deliveries_accepted", "Deliveries are accepted"
    evidence = _evidence(subject)
    taken = subject.accepted + sum(subject.failed.values())
    if not taken and not subject.refused:
        yield unknown(key, title, "None came in the last hour.")
    elif reason := _too_many(subject, Cause.OURS):
        share = f"More than 1 in {_ONE_IN} went wrong for what is to be mended, mostly {reason}."
        yield failed(key, title, f"{evidence} {share}", explain(reason).remedy)
    elif reason := _too_many(subject, Cause.EITHER):
        yield unknown(
            key,
            title,
            f"{evidence} Whether the service sent what was refused, the counts do not tell.",
            f"If it did: {explain(reason).remedy}",
        )
    elif not taken:
        yield unknown(key, title, f"{evidence} Anybody can send what was refused.")
    else:
        yield passed(key, title, evidence)


def _evidence(subject: Subject) -> str:
    parts = [f"{subject.accepted} accepted in the last hour."]
    for verb, counts in (("Refused", subject.refused), ("Failed", subject.failed)):
        if counts:
            reasons = ", ".join(f"{count} for {reason}" for reason, count in _sorted(counts))
            parts.append(f"{verb}: {reasons}.")
    return " ".join(parts)


def _too_many(subject: Subject, cause: Cause) -> str | None:
    """Return the most frequent reason of that cause, where they are more than a small share."""
    refused, failures = (_of(cause, each) for each in (subject.refused, subject.failed))
    counts = refused + failures
    compared = subject.accepted + sum(subject.failed.values()) + refused.total()
    if counts.total() * _ONE_IN <= compared:
        return None
    return _sorted(counts)[0][0]


def _of(cause: Cause, counts: Mapping[str, int]) -> Counter[str]:
    return Counter({reason: n for reason, n in counts.items() if cause_of(reason) is cause})


def _sorted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the reasons with their counts, the most frequent first."""
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))
