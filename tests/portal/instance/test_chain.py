"""The chain on the Overview tab, and how its picture is laid out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import Role
from diagnosis.chain.chain import Chain, ChainLink, Fact, build_chain
from diagnosis.chain.links import Link
from diagnosis.findings import Finding, failed, passed, unknown
from identities.models import SignalRInstance
from portal.instance.overview.chain_picture import Card, Picture, narrow, shown_facts, wide
from portal.instance.overview.chain_view import ChainView, view_of
from portal.instance.overview.svg_text import width_of, wrap
from tests.portal.conftest import SignIn
from tests.portal.instances import SIGNED, observed
from upstreams.url_templates.patterns import Event

EVENT = Event("chat", "messages", "say")
FACTS = {link: [Fact("Name", "value " * 9), Fact("Other", "short")] for link in Link}
KEYS = {
    Link.SERVICE: "service_mode",
    Link.TEMPLATE: "templates_present",
    Link.KEY_VAULT: "templates[0].key_vault[v/s].grant",
    Link.TOKEN: "templates[0].signed",
    Link.RECEIVER: "templates[0].receiver",
    Link.HANDLER: "templates[0].handlers",
    Link.SENDER: "sender_role",
}


def chain(*findings: Finding, event: Event | None = None, index: int | None = None) -> Chain:
    """Return a chain with these findings; every other link passed."""
    named = {finding.link for finding in findings}
    others = [passed(key, "A", "a.") for link, key in KEYS.items() if link not in named]
    return build_chain([*others, *findings], FACTS, event, index)


def view(shown: Chain) -> ChainView:
    """Return the view of a chain, with the name of each tab as its URL."""
    return view_of(shown, lambda tab: tab)


def overlap(one: Card, other: Card) -> bool:
    """Return whether two cards cover a common place."""
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.foot
        and other.y < one.foot
    )


@pytest.mark.parametrize("layout", [wide, narrow])
@pytest.mark.parametrize("has_vault", [True, False])
@pytest.mark.parametrize("sends", [True, False])
def test_cards_lie_beside_each_other(
    layout: Callable[[Sequence[ChainLink]], Picture], has_vault: bool, sends: bool
) -> None:
    left_out = {*(() if has_vault else [Link.KEY_VAULT]), *(() if sends else [Link.SENDER])}
    links = [each for each in chain().links if each.link not in left_out]
    picture = layout(links)
    assert [card.link for card in picture.cards] == links
    # The wide picture has the way back.
    assert len(picture.arrows) == len(links) - 1 + (sends and picture.name == "wide")
    for place, card in enumerate(picture.cards):
        assert card.x >= 0
        assert card.x + card.width <= picture.width
        assert card.foot <= picture.height
        assert not any(overlap(card, other) for other in picture.cards[:place])
        assert all(line.y < card.band_y for line in card.texts)


def test_card_shows_one_value_of_each_name_first() -> None:
    facts = [Fact("Matches", "a"), Fact("Matches", "b"), Fact("Matches", "c"), Fact("URL", "d")]
    (link,) = [each for each in build_chain([], {Link.TEMPLATE: facts}).links if each.facts]
    assert shown_facts(link) == [("Matches (2 of 3)", ["a", "b"]), ("URL", ["d"])]


def test_arrow_is_broken_after_a_failure() -> None:
    shown = chain(failed("templates[0].signed", "A", "a.", "b."))
    assert [arrow.is_broken for arrow in wide(shown.links).arrows].count(True) == 1


@given(st.text(), st.integers(1, 4))
def test_wrapped_lines_fit_and_lose_nothing_unmarked(text: str, lines: int) -> None:
    found = wrap(text, 120, 12, lines)
    assert len(found) <= lines
    assert all(width_of(line, 12) <= 120 for line in found if len(line) > 2)
    if not (found and found[-1].endswith("…")):
        assert "".join("".join(found).split()) == "".join(text.split())


def test_words_and_paths_are_not_torn() -> None:
    assert wrap("all events of all hubs", 100, 12.5, 2) == ["all events of", "all hubs"]
    assert wrap("https://receiver.example/hubs/chat", 140, 12.5, 3)[0] == "https://receiver."


@pytest.mark.parametrize(
    ("findings", "outcome", "headline"),
    [
        ([], "Passed", "Every check passed."),
        (
            [failed("templates[0].signed", "A", "a.", "b."), unknown("service_mode", "A", "a.")],
            "Failed",
            "Needs attention: Token.",
        ),
        (
            [unknown("service_mode", "A", "a."), unknown("templates[0].receiver", "A", "a.")],
            "Unknown",
            "No problems found. Unknown: Service, Receiver.",
        ),
    ],
)
def test_headline_says_the_outcome(findings: list[Finding], outcome: str, headline: str) -> None:
    shown = view(chain(*findings))
    assert (shown.outcome, shown.headline) == (outcome, headline)


def test_event_without_template_reaches_no_receiver() -> None:
    lost = failed("event.template", "A", "a.", "b.")
    shown = view(build_chain([passed("service_mode", "A", "a."), lost], {}, EVENT))
    assert "Azure drops it" in shown.headline
    assert [step.outcome for step in shown.steps][-3:] == ["Not reached"] * 3


@pytest.mark.parametrize(
    ("finding", "tab"),
    [
        (passed("service_mode", "A", "a."), "identity"),
        (failed("service_mode", "A", "a.", "b."), "upstream"),
        (failed("azure_agrees", "A", "a.", "b."), "plan"),
        (failed("event.template", "A", "a.", "b."), "upstream"),
        (failed("templates[0].key_vault[v/s].grant", "A", "a.", "b."), "key-vault"),
        (passed("function_apps[a].agrees", "A", "a."), "function-apps"),
        (failed("function_apps[a].issuer_differs", "A", "a.", "b."), "function-apps"),
        (unknown("templates[0].answers", "A", "a."), "diagnosis"),
        (unknown("deliveries_accepted", "A", "a."), "traffic"),
    ],
)
def test_link_leads_to_the_tab_of_its_fix(finding: Finding, tab: str) -> None:
    (step,) = [each for each in view(chain(finding)).steps if each.link.link is finding.link]
    assert step.address == tab
    assert step.description.endswith(f"Open {step.tab}.")


def labels(page: str) -> list[str]:
    """Return the accessible names of the links of the wide picture."""
    picture = page.partition("chain-wide")[2].partition("</svg>")[0]
    return [unescape(each) for each in re.findall(r'aria-label="([^"]*)"', picture)[1:]]


def test_overview_shows_the_chain(sign_in: SignIn) -> None:
    row = observed(None, SIGNED)
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{row}/").content.decode()
    names = [each.partition(":")[0] for each in labels(page)]
    assert names == ["Client", "Service", "Template", "Token", "Receiver", "Handler"]
    assert "Resource: api://receiver" in labels(page)[3]
    assert "style=" not in page.partition('id="chain"')[2].partition("</section>")[0]


def test_event_in_the_query_is_followed(sign_in: SignIn) -> None:
    row = observed(None, SIGNED)
    address = f"/admin/instances/{row}/?hub=chat&category=messages&event=say"
    client = sign_in(Role.VIEWER)
    page = client.get(address).content.decode()
    assert "The event say of hub chat" in page
    assert "receiver.example/chat" in page
    part = client.get(address, headers={"HX-Request": "true", "HX-Target": "chain"})
    assert part.content.decode().lstrip().startswith("<section")
    assert "HX-Target" in part["Vary"]


@pytest.mark.parametrize("query", ["hub=chat", "event=say", "hub=%20&event=say"])
def test_incomplete_event_is_not_followed(
    sign_in: SignIn, instance: SignalRInstance, query: str
) -> None:
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/?{query}").content.decode()
    assert "From client to handler" in page


def test_typed_names_are_escaped(sign_in: SignIn) -> None:
    row = observed(None, SIGNED | {"hubPattern": "*"})
    query = "hub=%3Cscript%3E&category=nothing&event=%22%3E%3Cb%3E"
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{row}/?{query}").content.decode()
    assert "<script>" not in page.partition('id="chain"')[2].partition("</section>")[0]
    assert "&lt;script&gt;" in page
    assert "<b>" not in page


def test_keys_in_urls_are_hidden(sign_in: SignIn) -> None:
    row = observed(None, SIGNED | {"urlTemplate": "https://a.example/?code=s3cret-value"})
    client = sign_in(Role.VIEWER)
    for query in ("", "?hub=chat&event=say"):
        page = client.get(f"/admin/instances/{row}/{query}").content.decode()
        assert "s3cret-value" not in page
        assert "(hidden:" in page
