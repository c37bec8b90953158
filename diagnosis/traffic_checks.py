"""What the receiver saw lately."""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.subjects import Subject


def check_traffic(subject: Subject) -> Iterator[Finding]:
    """Say how many deliveries were accepted in the last hour, and why others were refused."""
    key, title = "deliveries_accepted", "Deliveries are accepted"
    if not subject.accepted and not subject.refused:
        yield unknown(key, title, "None came in the last hour.")
        return
    evidence = f"{subject.accepted} accepted in the last hour."
    if not subject.refused:
        yield passed(key, title, evidence)
        return
    reasons = ", ".join(
        f"{count} for {reason}" for reason, count in sorted(subject.refused.items())
    )
    yield failed(
        key,
        title,
        f"{evidence} Refused: {reasons}.",
        "manage.py inspect_token shows every check of one of the tokens.",
    )
