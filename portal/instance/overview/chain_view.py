"""The chain as the Overview tab shows it: the picture, the list and what to fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString

from diagnosis.chain.chain import Chain, ChainLink, LinkOutcome
from diagnosis.chain.links import Link
from diagnosis.findings import Finding
from portal.instance.diagnosis import tab_of
from portal.instance.overview.chain_picture import Card, Picture, narrow, wide
from portal.instance.page import TABS
from portal.templatetags.portal import pill

OUTCOMES: Final[dict[LinkOutcome, str]] = {
    "pass": "Passed",
    "fail": "Failed",
    "unknown": "Unknown",
    "not_checked": "Not checked",
}
# The tab of a link whose checks passed.
_TABS: Final = {
    Link.CLIENT: "traffic",
    Link.SERVICE: "identity",
    Link.TEMPLATE: "upstream",
    Link.KEY_VAULT: "key-vault",
    Link.TOKEN: "upstream",
    Link.RECEIVER: "traffic",
    Link.HANDLER: "traffic",
    Link.SENDER: "diagnosis",
}
_LABELS: Final = {tab.name: tab.label for tab in TABS}


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """A finding that did not pass, with the tab where it is fixed."""

    finding: Finding
    address: str
    tab: str


@dataclass(frozen=True, slots=True)
class Step:
    """A link as it is shown: its outcome in words, and the tab that it leads to."""

    link: ChainLink
    address: str
    tab: str
    open_findings: tuple[OpenFinding, ...]
    is_reached: bool = True

    @property
    def label(self) -> str:
        """The name of the link."""
        return self.link.link.label

    @property
    def outcome(self) -> str:
        """The outcome in words."""
        return OUTCOMES[self.link.outcome] if self.is_reached else "Not reached"

    @property
    def count(self) -> str:
        """The number of checks with the outcome, such as `1 of 4`; empty where there are none."""
        total = len(self.link.findings)
        if self.link.outcome == "pass":
            return f"{total} check{'' if total == 1 else 's'}"
        number = sum(each.outcome == self.link.outcome for each in self.link.findings)
        return f"{number} of {total}" if total else ""

    @property
    def description(self) -> str:
        """The outcome, the settings and the first open finding, for screen readers."""
        parts = [f"{self.label}: {self.outcome}"]
        parts += [f"{fact.name}: {fact.value}" for fact in self.link.facts]
        if self.open_findings:
            parts.append(self.open_findings[0].finding.evidence.rstrip("."))
        return ". ".join(parts) + f". Open {self.tab}."


@dataclass(frozen=True, slots=True)
class ChainView:
    """A chain with its steps and its two pictures; a style sheet shows the one that fits."""

    chain: Chain
    steps: tuple[Step, ...]
    pictures: tuple[tuple[Picture, tuple[tuple[Card, Step], ...]], ...]

    @property
    def headline(self) -> str:
        """The outcome, and the links that did not pass."""
        if self.chain.event is not None and self.chain.template_index is None:
            return "No template matches the event, so Azure drops it."
        failed, unknown = self._labels("fail"), self._labels("unknown")
        if failed:
            return f"Needs attention: {', '.join(failed)}."
        if unknown:
            return f"No problems found. Unknown: {', '.join(unknown)}."
        if self.chain.event is not None:
            return "The receiver accepts the event, and a handler is registered for it."
        return "Every check passed."

    @property
    def outcome(self) -> str:
        """The label of the outcome."""
        return OUTCOMES[self.chain.outcome]

    @property
    def failed(self) -> list[OpenFinding]:
        """The findings that failed."""
        return self._findings("fail")

    @property
    def unknown(self) -> list[OpenFinding]:
        """The findings with the outcome unknown."""
        return self._findings("unknown")

    def _labels(self, outcome: LinkOutcome) -> list[str]:
        return [step.label for step in self.steps if step.link.outcome == outcome]

    def _findings(self, outcome: LinkOutcome) -> list[OpenFinding]:
        return [
            each
            for step in self.steps
            for each in step.open_findings
            if each.finding.outcome == outcome
        ]


def view_of(chain: Chain, url_of: Callable[[str], str]) -> ChainView:
    """Return the view of a chain; `url_of` returns the URL of a tab of the instance."""
    steps = tuple(_step(link, url_of, _is_reached(link, chain)) for link in chain.links)
    by_link = {step.link.link: step for step in steps}
    pictures = tuple(
        (picture, tuple((card, by_link[card.link.link]) for card in picture.cards))
        for picture in (wide(chain.links), narrow(chain.links))
    )
    return ChainView(chain, steps, pictures)


def _step(link: ChainLink, url_of: Callable[[str], str], is_reached: bool) -> Step:
    found = tuple(_open(finding, url_of) for finding in link.open_findings)
    if found:
        return Step(link, found[0].address, found[0].tab, found)
    tab = "function-apps" if _is_function_app(link) else _TABS[link.link]
    return Step(link, url_of(tab), _LABELS[tab], (), is_reached)


def _is_reached(link: ChainLink, chain: Chain) -> bool:
    """Return whether an event reaches the link: it is dropped at the templates if none matches."""
    is_dropped = chain.event is not None and chain.template_index is None
    return not is_dropped or link.link in {Link.CLIENT, Link.SERVICE, Link.TEMPLATE}


def _open(finding: Finding, url_of: Callable[[str], str]) -> OpenFinding:
    tab = tab_of(finding.key) or "diagnosis"
    return OpenFinding(finding, url_of(tab), _LABELS[tab])


def _is_function_app(link: ChainLink) -> bool:
    return any(finding.key.startswith("function_apps[") for finding in link.findings)


def outcome_pill(link: str, outcome: LinkOutcome) -> SafeString:
    """Return the stored worst link as a pill, such as `Token failed`."""
    words = OUTCOMES[outcome]
    return pill(outcome, f"{Link(link).label} {words.lower()}" if link else words)
