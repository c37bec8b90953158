"""Descriptions of patterns, and why an event does not match. Free of Django."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from upstreams.url_templates.patterns import (
    CONNECTED,
    CONNECTIONS,
    DISCONNECTED,
    MESSAGES,
    Event,
    Template,
    accepts,
    parse,
)

_CONNECTION_EVENTS: Final = {
    CONNECTED: "clients that connect",
    DISCONNECTED: "clients that disconnect",
}


def describe(template: Template) -> str:
    """Return what a template matches, such as "messages of hub chat or game"."""
    return f"{_what(template)} of {_hubs(template.hub_pattern)}"


def reasons_not_matched(template: Template, event: Event) -> list[str]:
    """Return why a template does not match the event: a message for each pattern."""
    return [
        f"Its {kind} pattern {pattern!r} does not match {name!r}{_hint(pattern, name)}."
        for kind, pattern, name in _pairs(template, event)
        if not accepts(pattern, name)
    ]


def _pairs(template: Template, event: Event) -> Iterator[tuple[str, str, str]]:
    yield "hub", template.hub_pattern, event.hub
    yield "category", template.category_pattern, event.category
    yield "event", template.event_pattern, event.event


def _hint(pattern: str, name: str) -> str:
    """Return a hint where the names differ only in case."""
    differs_by_case = name.lower() in {each.lower() for each in parse(pattern) or ()}
    return ": names are case-sensitive" if differs_by_case else ""


def _hubs(pattern: str) -> str:
    names = _listed(pattern)
    if names is None:
        return "all hubs"
    return f"hub {' or '.join(names)}" if names else "no hub"


def _what(template: Template) -> str:
    categories, events = parse(template.category_pattern), _listed(template.event_pattern)
    if categories is None or categories >= {CONNECTIONS, MESSAGES}:
        return "all events" if events is None else f"events {' or '.join(events)}"
    if categories == {CONNECTIONS}:
        return _of_connections(events)
    if categories == {MESSAGES}:
        return "messages" if events is None else f"messages {' or '.join(events)}"
    return "nothing that the service sends"


def _of_connections(events: list[str] | None) -> str:
    if events is None:
        return "clients that connect or disconnect"
    known = [_CONNECTION_EVENTS[each] for each in events if each in _CONNECTION_EVENTS]
    return " or ".join(known) or "nothing that the service sends"


def _listed(pattern: str) -> list[str] | None:
    """Return the listed names in their order; None where every name matches."""
    if parse(pattern) is None:
        return None
    return [name for part in pattern.split(",") if (name := part.strip())]
