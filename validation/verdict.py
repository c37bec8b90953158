"""The result of checking one token."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType

from validation.errors import DESCRIPTIONS, Reason
from validation.keys.jwks import SigningKey

# Claims as the token states them. Their origin is not established.
UnverifiedClaims = NewType("UnverifiedClaims", Mapping[str, object])

# Claims of a token that passed every check. Only `checks.validate` creates one; verdicts copy it.
VerifiedClaims = NewType("VerifiedClaims", Mapping[str, object])

# Enough for an ARM ID and too little for a token. Longer values are cut off.
SHOWN_CHARACTERS: Final = 300
# Values that need no JSON escape, the common case.
_PLAIN: Final = re.compile(rf"[A-Za-z0-9:/._@-]{{0,{SHOWN_CHARACTERS}}}")


class Outcome(StrEnum):
    """The outcome of a check."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Check:
    """One named check: the expected value, the value found, and a message for people."""

    name: str
    outcome: Outcome
    expected: str = ""
    found: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks in order; accepted with `claims`, or refused with the failed check's `reason`."""

    checks: tuple[Check, ...]
    claims: VerifiedClaims | None = None
    reason: Reason | None = None
    # The key that verified an accepted token.
    key: SigningKey | None = field(default=None, repr=False)
    # The ID of the token's key where only the key is missing. Reading the issuer's keys may
    # change the verdict.
    missing_key: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether every check passed."""
        return self.claims is not None

    @property
    def has_nested_claims(self) -> bool:
        """Whether a claim is a list or an object, which callers could change."""
        return any(isinstance(value, list | dict) for value in (self.claims or {}).values())

    @property
    def failed(self) -> Check | None:
        """The one check that failed."""
        return next((check for check in self.checks if check.outcome is Outcome.FAIL), None)

    @property
    def description(self) -> str:
        """The description for the caller: it holds no value of the token or the policy."""
        return DESCRIPTIONS[self.reason] if self.reason else "The token is accepted."

    def copied(self) -> Verdict:
        """Return the same verdict with a deep copy of the claims."""
        if self.claims is None:
            return self
        claims = {name: _copied(value) for name, value in self.claims.items()}
        return replace(self, claims=VerifiedClaims(MappingProxyType(claims)))


def _copied(value: object) -> object:
    if isinstance(value, list):
        return [_copied(member) for member in value]
    if isinstance(value, dict):
        return {name: _copied(member) for name, member in value.items()}
    return value


def shown(value: object) -> str:
    """Return a value of a token as plain ASCII text of bounded length, for logs and pages."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    text = json.dumps(value, ensure_ascii=True, default=str)
    text = text[1:-1] if isinstance(value, str) else text
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def shown_set(values: frozenset[str]) -> str:
    """Return the values that a policy accepts as text of bounded length."""
    return shown(" or ".join(sorted(values)) or "nothing")
