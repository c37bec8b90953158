"""What a diagnosis says of one thing that has to agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of an instance's checklist.

    `key` is stable, for scripts. `evidence` is what was found, in a sentence; `fix` is what to do,
    and empty where nothing is to be done.
    """

    key: str
    title: str
    outcome: Outcome
    evidence: str
    fix: str = ""


def passed(key: str, title: str, evidence: str) -> Finding:
    """Return that it agrees."""
    return Finding(key, title, "pass", evidence)


def failed(key: str, title: str, evidence: str, fix: str) -> Finding:
    """Return that it does not agree, and what to do."""
    return Finding(key, title, "fail", evidence, fix)


def unknown(key: str, title: str, evidence: str, fix: str = "") -> Finding:
    """Return that nobody can tell yet, and what would tell."""
    return Finding(key, title, "unknown", evidence, fix)
