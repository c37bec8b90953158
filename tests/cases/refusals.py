"""The checks that name the cause of a failed delivery, by what Local Azure says of it."""

from __future__ import annotations

import re
from typing import Any, Final

from diagnosis.findings import Finding

# Results that no setting decides: recent traffic, and probes that were not requested.
INFORMATIONAL: Final = re.compile(r"deliveries_accepted|templates\[\d+\]\.answers")

# Failed checks that say that no event is delivered.
DECISIVE: Final = re.compile(
    r"service_mode|function_apps\[.*\]\.(stopped|private|restricted|certificate_required)"
    r"|templates\[\d+\]\.key_vault\[.*\]\.(network|grant|secret)"
)

# A pattern of the cause, and the parts of keys that name it. `T` is the template that the event
# matched, and `A` the Function App; a key matches as a whole.
_CAUSES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"no template matches", (r"templates\[\d+\]\.reachable",)),
    (r"is in \w+ mode", ("service_mode",)),
    (r"has no managed identity", ("identity_present", r"T\.key_vault\[.*\]\.grant")),
    (r"may not read the secrets", (r"T\.key_vault\[.*\]\.grant",)),
    (r"secret .* (was not found|is disabled)", (r"T\.key_vault\[.*\]\.secret",)),
    (r"no public network access", (r"T\.key_vault\[.*\]\.network",)),
    (r"There is no vault", (r"T\.key_vault\[.*\]\.(network|grant|secret)",)),
    (r"site stopped", (r"A\.stopped",)),
    (r"access restrictions", (r"A\.(private|restricted)",)),
    (r"client certificate", (r"A\.certificate_required",)),
    (r"the issuer is", (r"A\.(issuer_differs|agrees|token_version_unknown)",)),
    (
        r"the audience .* is not allowed",
        (r"A\.(audience_missing|client_id_missing|token_version_unknown)", r"T\.(signed|resource)"),
    ),
    (r"the application .* is not allowed", (r"A\.application_(excluded|unknown)",)),
    (r"the principal .* is not allowed", (r"A\.principal_(excluded|unknown)",)),
    (r"in none of the allowed groups", (r"A\.other_check",)),
    (
        r"no token|login\.microsoftonline",
        (r"T\.signed", r"A\.(client_id_missing|https_only|authentication_off|provider_off)"),
    ),
    (r"system key", (r"T\.webhook_key",)),
    (r"(function|admin) key|no such function", (r"T\.function",)),
    (r"no such site", (r"T\.receiver",)),
    (r"receiver: ", (r"T\.(receiver|signed|resource)",)),
)


def cause_of(delivery: dict[str, Any], receiver_reason: str) -> str:
    """Return why a delivery failed; empty where it was accepted."""
    if delivery["error"]:
        return str(delivery["error"])
    if delivery["matched"] is None:
        return "no template matches"
    if delivery["status"] in (200, 204):
        return ""
    return delivery["refusedBy"] or f"receiver: {delivery['status']} {receiver_reason}"


def naming(findings: list[Finding], cause: str, matched: int | None) -> list[Finding]:
    """Return the findings that did not pass and name the cause."""
    keys = [key for pattern, keys in _CAUSES if re.search(pattern, cause) for key in keys]
    if not any(each.key.startswith("function_apps[") for each in findings):
        # The app is not imported: only that can be said.
        keys.append(r"T\.receiver")
    patterns = [
        key.replace("T", rf"templates\[{matched}\]", 1).replace("A", r"function_apps\[.*\]", 1)
        if key.startswith(("T\\", "A\\"))
        else key
        for key in keys
    ]
    return [
        each
        for each in findings
        if each.outcome != "pass" and any(re.fullmatch(one, each.key) for one in patterns)
    ]
