"""Patterns of upstream templates in words, and why an event is not taken. Free of Django."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from upstreams.patterns import (
    CONNECTED,
    CONNECTIONS,
    DISCONNECTED,
    MESSAGES,
    Event,
    Template,
    accepts,
    parse,
)

_HAPPENINGS: Final = {
    CONNECTED: "clients that connect",
    DISCONNECTED: "clients that disconnect",
}


def explain(template: Template) -> str:
    """Return what a template takes, as "messages of hub chat or game"."""
    return f"{_what(template)} of {_hubs(template.hub_pattern)}"


def mismatches(template: Template, event: Event) -> list[str]:
    """Return why a template does not take the event, in a sentence for each pattern."""
    return [
        f"Its {kind} pattern {pattern!r} does not take {name!r}{_hint(pattern, name)}."
        for kind, pattern, name in _pairs(template, event)
        if not accepts(pattern, name)
    ]


def _pairs(template: Template, event: Event) -> Iterator[tuple[str, str, str]]:
    yield "hub", template.hub_pattern, event.hub
    yield "category", template.category_pattern, event.category
    yield "event", template.event_pattern, event.event


def _hint(pattern: str, name: str) -> str:
    """Say what is most often overlooked."""
    differs_by_case = name.lower() in {each.lower() for each in parse(pattern) or ()}
    return ": upper and lower case count" if differs_by_case else ""


def _hubs(pattern: str) -> str:
    names = _listed(pattern)
    if names is None:
        return "all hubs"
    return f"hub {' or '.join(names)}" if names else "no hub"


def _what(template: Template) -> str:
    categories, events = parse(template.category_pattern), _listed(template.event_pattern)
    if categories is None or categories >= {CONNECTIONS, MESSAGES}:
        return "everything" if events is None else f"what is called {' or '.join(events)}"
    if categories == {CONNECTIONS}:
        return _of_connections(events)
    if categories == {MESSAGES}:
        return "messages" if events is None else f"messages {' or '.join(events)}"
    return "nothing that the service sends"


def _of_connections(events: list[str] | None) -> str:
    if events is None:
        return "clients that connect or disconnect"
    known = [_HAPPENINGS[each] for each in events if each in _HAPPENINGS]
    return " or ".join(known) or "nothing that the service sends"


def _listed(pattern: str) -> list[str] | None:
    """Return the names in the order in which they are written; None where every name is taken."""
    if parse(pattern) is None:
        return None
    return [name for part in pattern.split(",") if (name := part.strip())]
