"""The state that the checks of one token share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from validation.errors import Reason, Refused
from validation.keys.jwks import SigningKey
from validation.keys.key_ring import KeySource
from validation.policy import TokenPolicy
from validation.verdict import Describe, UnverifiedClaims, shown


@dataclass(slots=True)
class Inspection:
    """The token and the values read from it so far. Each check adds what it reads."""

    token: str
    policy: TokenPolicy
    keys: KeySource
    # Seconds since the epoch.
    now: float
    parts: list[str] = field(default_factory=list)
    header_bytes: bytes = b""
    payload_bytes: bytes = b""
    signature: bytes = b""
    unverified_header: Mapping[str, object] = field(default_factory=dict)
    unverified_claims: UnverifiedClaims = field(default_factory=lambda: UnverifiedClaims({}))
    key: SigningKey | None = None
    # The key ID where only the key is missing.
    missing_key: str = ""
    # What describes the checks that ran early, by the check's name.
    passed: dict[str, Describe] = field(default_factory=dict)


# Returns what describes the result, because most are never read. Raises Refused where the check
# fails.
CheckFunction = Callable[[Inspection], Describe]


def text_claim(inspection: Inspection, name: str) -> str:
    """Return a claim that must be a string. Raises Refused."""
    value = inspection.unverified_claims.get(name)
    if isinstance(value, str):
        return value
    raise _wrong_type(name, value, "a string")


def time_claim(inspection: Inspection, name: str) -> int:
    """Return a claim that must be whole seconds since the epoch. Raises Refused.

    RFC 7519 allows fractions; Entra never sends any.
    """
    value = inspection.unverified_claims.get(name)
    # Exactly: True is an int to Python.
    if type(value) is int:
        return value
    raise _wrong_type(name, value, "whole seconds since 1970")


def _wrong_type(name: str, value: object, words: str) -> Refused:
    if value is None:
        return Refused(
            Reason.MISSING_CLAIM,
            f"The token has no claim {name!r}. Every token from Entra for an identity has it.",
            expected=f"{name}: {words}",
            found="no such claim",
        )
    return Refused(
        Reason.WRONG_CLAIM_TYPE,
        f"The claim {name!r} is not {words}.",
        expected=f"{name}: {words}",
        found=shown(value),
    )
