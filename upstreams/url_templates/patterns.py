"""Routing of events by Azure SignalR Service: patterns, the first match, and the URL.

Works on any object with the attributes of `arm.instance_state.TemplateState`, model rows included,
and raises for nothing that Azure may hold; `upstreams.validators` checks what an operator enters.

Source: Azure SignalR Service, "Upstream endpoints": a pattern is `*`, one name, or a comma list
whose spaces are ignored; the first template in order that matches is used. Names are compared
including their case, as Microsoft's emulator does; the service's rule is not documented.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

from upstreams.url_templates.key_vault_references import KeyVaultReference, ReferenceProblem, split

ANY: Final = "*"
CONNECTIONS: Final = "connections"
MESSAGES: Final = "messages"
CONNECTED: Final = "connected"
DISCONNECTED: Final = "disconnected"
PLACEHOLDERS: Final = ("{hub}", "{category}", "{event}")

# Represents every name that no pattern lists. No header can contain it.
_OTHER: Final = "\0other"
_CONNECTION_EVENTS: Final = (CONNECTED, DISCONNECTED)


class Template(Protocol):
    """The attributes of an upstream template that decide routing."""

    @property
    def hub_pattern(self) -> str: ...
    @property
    def category_pattern(self) -> str: ...
    @property
    def event_pattern(self) -> str: ...


AnyTemplate = TypeVar("AnyTemplate", bound=Template)


class Event(NamedTuple):
    """An event: the X-ASRS-Hub, X-ASRS-Category and X-ASRS-Event of a request."""

    hub: str
    category: str
    event: str


@lru_cache(maxsize=4096)
def parse(pattern: str) -> frozenset[str] | None:
    """Return the names that `pattern` lists, or None where it matches every name."""
    names = frozenset(name.strip() for name in pattern.split(","))
    return None if ANY in names else names - {""}


def accepts(pattern: str, name: str) -> bool:
    """Return whether `pattern` matches `name`."""
    names = parse(pattern)
    return names is None or name in names


def matches(template: Template, hub: str, category: str, event: str) -> bool:
    """Return whether all three patterns of `template` match the event."""
    return (
        accepts(template.hub_pattern, hub)
        and accepts(template.category_pattern, category)
        and accepts(template.event_pattern, event)
    )


def first_match(
    templates: Iterable[AnyTemplate], hub: str, category: str, event: str
) -> AnyTemplate | None:
    """Return the template that matches the event, or None: the service drops the event."""
    return next((one for one in templates if matches(one, hub, category, event)), None)


def unreachable(templates: Sequence[Template]) -> list[int]:
    """Return the indexes of the templates that no event can reach.

    Either earlier templates match all of its events, or it matches only events that the service
    never sends, such as `connect` of the category `connections`.
    """
    names = [_names(templates, "hub_pattern"), _names(templates, "event_pattern")]
    return [
        index
        for index, template in enumerate(templates)
        if not any(
            matches(template, *event) and first_match(templates[:index], *event) is None
            for event in _events(template, *names)
        )
    ]


def earlier_matches(templates: Sequence[Template], index: int) -> list[int]:
    """Return the indexes of the earlier templates that match events of the one at `index`.

    Of a template that is shadowed they match all events. Empty for a template that matches no
    event that the service sends.
    """
    names = [_names(templates, "hub_pattern"), _names(templates, "event_pattern")]
    earlier = list(enumerate(templates[:index]))
    taken = {
        next((place for place, one in earlier if matches(one, *event)), None)
        for event in _events(templates[index], *names)
        if matches(templates[index], *event)
    }
    return sorted(place for place in taken if place is not None)


def expand(url_template: str, hub: str, category: str, event: str) -> str:
    """Return the URL that the event is sent to, with its Key Vault references unresolved.

    Values are percent-encoded (RFC 3986), so that `/` becomes `%2F`; an unknown placeholder is
    kept. An invalid reference is treated as plain text, as the service does.
    """
    values = dict(zip(PLACEHOLDERS, (hub, category, event), strict=True))
    try:
        parts = split(url_template)
    except ReferenceProblem:
        parts = [url_template]
    return "".join(
        part.text if isinstance(part, KeyVaultReference) else _filled(part, values)
        for part in parts
    )


def _filled(text: str, values: dict[str, str]) -> str:
    # One pass: a value such as "{event}" must not be expanded again.
    pieces = text.split("{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, brace, rest = piece.partition("}")
        value = values.get("{" + name + brace)
        filled.append("{" + piece if value is None else quote(value, safe="") + rest)
    return "".join(filled)


def _names(templates: Sequence[Template], attribute: str) -> frozenset[str]:
    """Return every name that some template lists, and one that represents all others."""
    listed = (parse(getattr(template, attribute)) for template in templates)
    return frozenset({_OTHER}.union(*(names for names in listed if names is not None)))


def _events(
    template: Template, all_hubs: frozenset[str], all_events: frozenset[str]
) -> Iterator[Event]:
    """Yield one event for each combination that routing distinguishes."""
    hubs = parse(template.hub_pattern) or all_hubs
    listed = parse(template.event_pattern)
    for category, events in (
        (CONNECTIONS, frozenset(_CONNECTION_EVENTS)),
        (MESSAGES, all_events | frozenset(_CONNECTION_EVENTS)),
    ):
        if accepts(template.category_pattern, category):
            within = events if listed is None else events & listed
            yield from (Event(hub, category, event) for hub, event in product(hubs, within))
