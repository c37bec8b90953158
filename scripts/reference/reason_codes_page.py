"""The page of reason codes, from `diagnosis.reason_codes` and `validation.errors`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diagnosis.reason_codes import RECEIVER_REASONS, Cause, cause_of, explain
from scripts.reference.markdown import code, generated, paragraph, table, text
from validation.errors import Reason, disclosed

_CAUSES = {
    Cause.OURS: "settings or handlers",
    Cause.EITHER: "settings, handlers or the sender",
    Cause.SENDER: "the sender",
}


def page() -> str:
    """Return the text of the page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield from generated(
        "Reason codes",
        "`diagnosis/reason_codes.py` and `validation/errors.py`",
        "A reason code says why an upstream request was refused or its handler failed. It is "
        "in the problem document of the response, in the log, in `manage.py deliveries`, on "
        "*Traffic* in the portal and in the label `reason` of "
        "`signalman_receiver_requests_total`. Codes are stable.",
    )
    yield "## Receiver\n"
    yield _table(RECEIVER_REASONS)
    yield "## Token\n"
    yield paragraph(
        "The response has `claims_mismatch` in place of the codes with an asterisk, because an "
        "attacker would learn which claims already match. Logs and counts have the exact code."
    )
    yield _table(Reason)


def _table(codes: Iterable[str]) -> str:
    return table(("code", "meaning", "caused by", "fix"), map(_row, codes))


def _row(reason: str) -> tuple[str, str, str, str]:
    found = explain(reason)
    hidden = isinstance(reason, Reason) and disclosed(reason) != reason
    mark = r" \*" if hidden else ""
    return code(str(reason)) + mark, text(found.meaning), _CAUSES[cause_of(reason)], text(found.fix)
