"""The chain: each link with what is known of it, its findings and its outcome. Pure.

client → service → template (→ Key Vault) → token → receiver → handler (→ sender → service)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from diagnosis.chain.links import Link
from diagnosis.findings import WORST_FIRST, Finding
from upstreams.url_templates.patterns import Event

LinkOutcome = Literal["pass", "fail", "unknown", "not_checked"]

# Links that not every chain has.
_OPTIONAL: Final = frozenset({Link.KEY_VAULT, Link.SENDER})


@dataclass(frozen=True, slots=True)
class Fact:
    """A setting of a link, such as the service mode. Keys in URLs are redacted."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A link with its facts and findings.

    `outcome` is that of its worst finding, and `not_checked` where it has none.
    """

    link: Link
    outcome: LinkOutcome
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that did not pass, failed ones first."""
        return tuple(
            finding
            for outcome in ("fail", "unknown")
            for finding in self.findings
            if finding.outcome == outcome
        )


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain of an instance, or of one event.

    `template_index` is the index, from 0, of the first template that matches the event; None where
    none does, or without an event.
    """

    links: tuple[ChainLink, ...]
    event: Event | None = None
    template_index: int | None = None

    @property
    def outcome(self) -> LinkOutcome:
        """The outcome of the worst link; links that are not checked do not count."""
        return _worst(each.outcome for each in self.links)

    @property
    def worst(self) -> ChainLink | None:
        """The first link that has the outcome of the chain; None where every check passed."""
        if self.outcome not in {"fail", "unknown"}:
            return None
        return next(each for each in self.links if each.outcome == self.outcome)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all links."""
        return tuple(finding for each in self.links for finding in each.findings)


def build_chain(
    findings: Iterable[Finding],
    facts: Mapping[Link, Sequence[Fact]],
    event: Event | None = None,
    template_index: int | None = None,
) -> Chain:
    """Return the chain with these findings and facts.

    The link of the Key Vault is left out where no URL references a secret, and that of the sender
    where nothing is known to send.
    """
    by_link: dict[Link, list[Finding]] = {link: [] for link in Link}
    for finding in findings:
        by_link[finding.link].append(finding)
    links = tuple(
        ChainLink(
            link,
            _worst(each.outcome for each in of_link),
            tuple(facts.get(link, ())),
            tuple(of_link),
        )
        for link, of_link in by_link.items()
        if link not in _OPTIONAL or of_link or facts.get(link)
    )
    return Chain(links, event, template_index)


def chain_document(chain: Chain) -> dict[str, Any]:
    """Return the chain as JSON for the API and the command line."""
    return {
        "outcome": chain.outcome,
        "worst": chain.worst.link if chain.worst else None,
        "event": chain.event._asdict() if chain.event else None,
        "template_index": chain.template_index,
        "links": [
            {
                "link": each.link,
                "outcome": each.outcome,
                "facts": [asdict(fact) for fact in each.facts],
                "findings": [asdict(finding) for finding in each.findings],
            }
            for each in chain.links
        ],
    }


def _worst(outcomes: Iterable[LinkOutcome]) -> LinkOutcome:
    found = set(outcomes)
    return next((each for each in WORST_FIRST if each in found), "not_checked")
