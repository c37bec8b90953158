"""The result of one check of a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from diagnosis.chain.links import Link, link_of

Outcome = Literal["pass", "fail", "unknown"]

WORST_FIRST: Final[tuple[Outcome, ...]] = ("fail", "unknown", "pass")


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check of an instance.

    `key` is stable, for scripts; an index in it counts from 0, as in a JSON path. `evidence` is
    what was observed. `fix` is what to do, and empty where there is nothing to do. `link` is the
    link of the chain that was checked. Raises LookupError for a key that has none.
    """

    key: str
    title: str
    outcome: Outcome
    evidence: str
    fix: str = ""
    link: Link = field(init=False)

    def __post_init__(self) -> None:
        """Set the link."""
        object.__setattr__(self, "link", link_of(self.key))


def passed(key: str, title: str, evidence: str) -> Finding:
    """Return a check that passed: it was established, not assumed."""
    return Finding(key, title, "pass", evidence)


def failed(key: str, title: str, evidence: str, fix: str) -> Finding:
    """Return a check that failed, and what to do."""
    return Finding(key, title, "fail", evidence, fix)


def unknown(key: str, title: str, evidence: str, fix: str = "") -> Finding:
    """Return a check whose result is not established, and what would establish it."""
    return Finding(key, title, "unknown", evidence, fix)
