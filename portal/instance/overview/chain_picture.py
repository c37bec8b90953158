"""The place of each link in the picture, across a wide page and down a narrow one.

Lengths are in the SVG's units: one unit is one CSS pixel where the picture has its full size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from diagnosis.chain.chain import ChainLink
from diagnosis.chain.links import Link
from portal.instance.overview.svg_text import wrap

# Links that stand beside the row, each with the link that uses it.
_BRANCHES: Final[Mapping[Link, Link]] = {
    Link.KEY_VAULT: Link.TEMPLATE,
    Link.SENDER: Link.HANDLER,
}

_PAD: Final = 12
_HEAD: Final = 36
_BAND: Final = 30
_NAME, _VALUE = 11.0, 12.5
_NAME_LINE, _VALUE_LINE, _FACT_GAP = 14, 16, 7
# Facts of a card, lines of a value, and lines of a value on a card with that many facts.
_MOST_FACTS, _MOST_LINES, _MOST_LINES_IF_FULL = 3, 3, 2

_WIDE_CARD, _WIDE_GAP = 154, 24
_NARROW_CARD, _NARROW_GAP, _INDENT = 340, 24, 28


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text at its baseline, from the card's corner; `style` is `name` or `value`."""

    x: float
    y: float
    style: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """A link's card. The band at its foot shows the outcome."""

    link: ChainLink
    x: float
    y: float
    width: float
    height: float
    texts: tuple[Text, ...]

    @property
    def band_y(self) -> float:
        """The upper edge of the band, from the card's."""
        return self.height - _BAND

    @property
    def band(self) -> str:
        """The outline of the band from its upper left corner, with the card's rounded corners."""
        return f"M0 0h{self.width}v{_BAND - 8}a8 8 0 0 1-8 8h-{self.width - 16}a8 8 0 0 1-8-8z"

    @property
    def text_end(self) -> float:
        """The end of text that is aligned to the right, from the card's left edge."""
        return self.width - _PAD

    @property
    def middle(self) -> float:
        """The horizontal middle."""
        return self.x + self.width / 2

    @property
    def foot(self) -> float:
        """The lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line from one card to the next; `is_broken` after a link that failed.

    It stays so over links that are not checked after it.
    """

    line: str
    head: str
    is_broken: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """Cards and arrows within `width` and `height`. `name` is `wide` or `narrow`."""

    name: str
    width: float
    height: float
    cards: tuple[Card, ...]
    arrows: tuple[Arrow, ...]

    @property
    def view_box(self) -> str:
        """The area that is shown, with room for the outlines."""
        return f"-2 -2 {self.width + 4} {self.height + 4}"


def wide(links: Sequence[ChainLink]) -> Picture:
    """Return the row of links from left to right, with branches below."""
    row = [each for each in links if each.link not in _BRANCHES]
    height, broken = max(_height(each, _WIDE_CARD) for each in row), _broken(links)
    cards = {
        each.link: _card(each, place * (_WIDE_CARD + _WIDE_GAP), 0, _WIDE_CARD, height)
        for place, each in enumerate(row)
    }
    arrows = [
        _across(cards[before.link], cards[after.link], before.link in broken)
        for before, after in pairwise(row)
    ]
    total, width = height, len(row) * (_WIDE_CARD + _WIDE_GAP) - _WIDE_GAP
    for each in _branches(links):
        parent = cards[_BRANCHES[each.link]]
        top = height + _WIDE_GAP
        wider = 2 * _WIDE_CARD + _WIDE_GAP
        x = min(parent.x, width - wider)
        card = cards[each.link] = _card(each, x, top, wider, _height(each, wider))
        arrows.append(_down(parent, card, parent.middle, parent.link.link in broken))
        total = max(total, card.foot)
    if sender := cards.get(Link.SENDER):
        total += _WIDE_GAP / 2
        arrows.append(_back(sender, cards[Link.SERVICE], total))
    return Picture("wide", width, total, _in_order(links, cards), tuple(arrows))


def narrow(links: Sequence[ChainLink]) -> Picture:
    """Return the links from top to bottom, branches indented below the link that uses them."""
    cards: dict[Link, Card] = {}
    arrows, top, last, broken = [], 0.0, None, _broken(links)
    for each in links:
        indent = _INDENT if each.link in _BRANCHES else 0
        width = _NARROW_CARD - indent
        card = cards[each.link] = _card(each, indent, top, width, _height(each, width))
        top = card.foot + _NARROW_GAP
        if indent:
            parent = cards[_BRANCHES[each.link]]
            arrows.append(_down(parent, card, _NARROW_CARD / 2, parent.link.link in broken))
            continue
        if last is not None:
            # Beside a branch, which stands between the two.
            x = _INDENT / 2 if last.foot + _NARROW_GAP < card.y else _NARROW_CARD / 2
            arrows.append(_down(last, card, x, last.link.link in broken))
        last = card
    return Picture(
        "narrow", _NARROW_CARD, top - _NARROW_GAP, _in_order(links, cards), tuple(arrows)
    )


def _branches(links: Sequence[ChainLink]) -> list[ChainLink]:
    return [each for each in links if each.link in _BRANCHES]


def _in_order(links: Sequence[ChainLink], cards: Mapping[Link, Card]) -> tuple[Card, ...]:
    """Return the cards in the order in which the keyboard reaches them."""
    return tuple(cards[each.link] for each in links)


def _height(link: ChainLink, width: float) -> float:
    values = _values(link, width)
    body = sum(_NAME_LINE + len(lines) * _VALUE_LINE + _FACT_GAP for _, lines in values)
    return _HEAD + max(body, _VALUE_LINE) + _PAD + _BAND


def _card(link: ChainLink, x: float, y: float, width: float, height: float) -> Card:
    texts, top = [], _HEAD
    for name, lines in _values(link, width):
        top += _NAME_LINE
        texts.append(Text(_PAD, top, "name", name))
        for line in lines:
            top += _VALUE_LINE
            texts.append(Text(_PAD, top, "value", line))
        top += _FACT_GAP
    return Card(link, x, y, width, height, tuple(texts))


def shown_facts(link: ChainLink) -> list[tuple[str, list[str]]]:
    """Return the names and values that a card has room for.

    Every name has its first value before any has its second. A name says how many values are left
    out.
    """
    values: dict[str, list[str]] = {}
    for fact in link.facts:
        values.setdefault(fact.name, []).append(fact.value)
    names = list(values)[:_MOST_FACTS]
    room = _MOST_FACTS - len(names)
    found = []
    for name in names:
        of_name = values[name]
        shown = of_name[: 1 + room]
        room -= len(shown) - 1
        is_all = len(shown) == len(of_name)
        found.append((name if is_all else f"{name} ({len(shown)} of {len(of_name)})", shown))
    return found


def _values(link: ChainLink, width: float) -> list[tuple[str, list[str]]]:
    """Return the name and the lines of each fact that is shown.

    The scheme of a URL is left out unless it is unencrypted.
    """
    facts = shown_facts(link)
    lines = (
        _MOST_LINES_IF_FULL
        if sum(len(values) for _, values in facts) == _MOST_FACTS
        else _MOST_LINES
    )
    space = width - 2 * _PAD
    return [
        (
            name,
            [
                line
                for value in values
                for line in wrap(value.removeprefix("https://"), space, _VALUE, lines)
            ],
        )
        for name, values in facts
    ]


def _broken(links: Sequence[ChainLink]) -> set[Link]:
    """Return the links after which the arrow is broken."""
    found: set[Link] = set()
    is_broken = False
    for each in (each for each in links if each.link not in _BRANCHES):
        is_broken = each.outcome == "fail" or (is_broken and each.outcome == "not_checked")
        if is_broken:
            found.add(each.link)
    return found


def _across(before: Card, after: Card, is_broken: bool) -> Arrow:
    y, end = before.y + before.height / 2, after.x - 1
    return Arrow(f"M{before.x + before.width} {y}H{end - 6}", f"M{end} {y}l-8-5v10z", is_broken)


def _down(before: Card, after: Card, x: float, is_broken: bool) -> Arrow:
    end = after.y - 1
    return Arrow(f"M{x} {before.foot}V{end - 6}", f"M{x} {end}l-5-8h10z", is_broken)


def _back(sender: Card, service: Card, y: float) -> Arrow:
    """Return the way back to the service, below all cards at `y`."""
    x, end = service.middle, service.foot + 1
    line = f"M{sender.middle} {sender.foot}V{y}H{x}V{end + 6}"
    return Arrow(line, f"M{x} {end}l-5 8h10z", sender.link.outcome == "fail")
