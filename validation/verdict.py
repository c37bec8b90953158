"""The result of checking one token."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple, NewType

from validation.errors import DESCRIPTIONS, Reason
from validation.keys.jwks import SigningKey

# Claims as the token states them. Their origin is not established.
UnverifiedClaims = NewType("UnverifiedClaims", Mapping[str, object])

# Claims of a token that passed every check. Only `checks.validate` creates one; verdicts copy it.
VerifiedClaims = NewType("VerifiedClaims", Mapping[str, object])

# Enough for an ARM ID and too little for a token. Longer values are cut off.
SHOWN_CHARACTERS: Final = 300
_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, default=str)
# Values that need no JSON escape, the common case.
_PLAIN: Final = re.compile(rf"[A-Za-z0-9:/._@ -]{{0,{SHOWN_CHARACTERS}}}")


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


class Finding(NamedTuple):
    """The expected and the found value of a check, and a message for people."""

    expected: str
    found: str
    message: str


Describe = Callable[[], Finding]


class Details:
    """The checks of a verdict, written out when they are first read.

    Few are: writing them takes longer than checking a token. Until then they refer to the token.
    """

    __slots__ = ("_checks", "_failed", "_names", "_passed")

    def __init__(
        self, names: Sequence[str], passed: Sequence[Describe], failed: Finding | None = None
    ) -> None:
        self._names = names
        self._passed = passed
        self._failed = failed
        self._checks: tuple[Check, ...] | None = None

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check in order."""
        if self._checks is None:
            number = len(self._passed)
            outcomes = [Outcome.PASS] * number + [Outcome.FAIL] * (self._failed is not None)
            findings = [describe() for describe in self._passed]
            findings += [self._failed] if self._failed is not None else []
            done = zip(self._names, outcomes, findings, strict=False)
            self._checks = (
                *(Check(name, outcome, *finding) for name, outcome, finding in done),
                *(Check(name, Outcome.NOT_REACHED) for name in self._names[len(findings) :]),
            )
            self._passed = ()
        return self._checks

    @property
    def failed(self) -> Check | None:
        """The check that failed."""
        if self._failed is None:
            return None
        if self._checks is not None:
            return next(each for each in self._checks if each.outcome is Outcome.FAIL)
        return Check(self._names[len(self._passed)], Outcome.FAIL, *self._failed)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of all checks: accepted with `claims`, or refused with `reason`."""

    details: Details = field(repr=False, compare=False)
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
    def checks(self) -> tuple[Check, ...]:
        """All checks in order: those that passed, the one that failed, those not reached.

        Empty for a token that was verified before.
        """
        return self.details.checks

    @property
    def failed(self) -> Check | None:
        """The one check that failed."""
        return self.details.failed

    @property
    def description(self) -> str:
        """The description for the caller: it holds no value of the token or the policy."""
        return DESCRIPTIONS[self.reason] if self.reason else "The token is accepted."

    def without_checks(self) -> Verdict:
        """Return the same verdict without what its checks found, which refers to the token."""
        return replace(self, details=_NO_DETAILS)

    def copied(self) -> Verdict:
        """Return the same verdict with a deep copy of the claims."""
        if self.claims is None:
            return self
        claims = {name: _copied(value) for name, value in self.claims.items()}
        return replace(self, claims=VerifiedClaims(MappingProxyType(claims)))


_NO_DETAILS: Final = Details((), ())


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
    text = _ENCODER.encode(value)
    text = text[1:-1] if isinstance(value, str) else text
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


@lru_cache(maxsize=1024)
def shown_set(values: frozenset[str]) -> str:
    """Return the values that a policy accepts as text of bounded length."""
    return shown(" or ".join(sorted(values)) or "nothing")
