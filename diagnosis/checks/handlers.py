"""Whether the hubs of this project have handlers for the events that templates send here.

Handlers of other receivers cannot be seen, and have no finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from arm.instance_state import TemplateState
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.receiver_addresses import target_of
from diagnosis.sample_events import ANY_OTHER, events_of
from upstreams.receiver.hubs.discovery import registry
from upstreams.receiver.hubs.hub import Handler, Registry
from upstreams.url_templates.patterns import (
    ANY,
    CONNECTIONS,
    MESSAGES,
    Event,
    expand,
    first_match,
    parse,
)

_FIX: Final = (
    "Register handlers in the hubs.py of an app in SIGNALMAN_APPS, or change the patterns of the "
    "template."
)


def check_handlers(
    index: int, template: TemplateState, context: Context, event: Event | None = None
) -> Iterator[Finding]:
    """Report which handlers match the events that the template at `index` sends to our receiver.

    Checks `event`, or by default every event that the template is the first to match. For a message
    without a handler the receiver returns 404.
    """
    key, title = f"templates[{index}].handlers", f"Events of template {index + 1} have a handler"
    checked = list(events_of(context.effective.templates, index)) if event is None else [event]
    if not checked or not _all_here(template, checked, context):
        return
    hubs = registry()
    if not any(True for _ in hubs):
        yield unknown(
            key,
            title,
            "This process has no hubs. Signalman cannot see whether the receiver's processes have "
            "hubs.",
            "If the receiver's processes use the same settings, add the app with your hubs.py to "
            "SIGNALMAN_APPS.",
        )
    elif event is None:
        yield _of_template(key, title, template, context, hubs)
    else:
        yield _of_event(key, title, event, hubs)


def handlers_of(
    template: TemplateState, templates: Collection[TemplateState], hubs: Registry
) -> list[Handler]:
    """Return the handlers that events reach for which `template` is the first match."""
    return [
        handler
        for handler in hubs
        if any(
            first_match(templates, *event) is template and hubs.find(*event) is handler
            for event in _events(handler, template)
        )
    ]


def _events(handler: Handler, template: TemplateState) -> Iterator[Event]:
    """Yield events that the handler is registered for, in the spelling of the template.

    The registry ignores the case of names, and a template does not.
    """
    for hub in _spellings(handler.hub, template.hub_pattern):
        for name in _spellings(handler.event, template.event_pattern):
            yield Event(hub, handler.category, name)


def _spellings(name: str, pattern: str) -> Iterable[str]:
    listed = parse(pattern)
    if name == ANY:
        return listed or (ANY_OTHER,)
    if listed is None:
        return (name,)
    return [each for each in listed if each.lower() == name.lower()]


def _all_here(template: TemplateState, events: Collection[Event], context: Context) -> bool:
    targets = [target_of(expand(template.url_template, *event)) for event in events]
    return all(target.is_receiver_of(context.instance) for target in targets)


def _of_template(
    key: str, title: str, template: TemplateState, context: Context, hubs: Registry
) -> Finding:
    found = handlers_of(template, context.effective.templates, hubs)
    if missing := [*_missing_hubs(template, hubs), *_missing_events(template, found)]:
        return failed(
            key, title, f"{' '.join(missing)} The receiver refuses these events with 404.", _FIX
        )
    if not found:
        return unknown(
            key,
            title,
            "No handler is registered for these events. The receiver returns 200 and runs no code.",
            _FIX,
        )
    names = ", ".join(str(each) for each in found)
    return passed(key, title, f"Registered: {names}.")


def _missing_hubs(template: TemplateState, hubs: Registry) -> Iterator[str]:
    for hub in sorted(parse(template.hub_pattern) or ()):
        if not hubs.has_hub(hub):
            yield f"No hub {hub} is registered."


def _missing_events(template: TemplateState, found: Collection[Handler]) -> Iterator[str]:
    """Report the messages that the template lists and that have no handler."""
    if parse(template.category_pattern) != frozenset({MESSAGES}):
        # A listed name may be an event of connections, which needs no handler.
        return
    handled = {each.event.lower() for each in found}
    for name in sorted(parse(template.event_pattern) or ()):
        if ANY not in handled and name.lower() not in handled:
            yield f"No handler is registered for the message {name}."


def _of_event(key: str, title: str, event: Event, hubs: Registry) -> Finding:
    handler = hubs.find(*event)
    if handler is not None:
        return passed(key, title, f"{handler.name} is registered for {handler}.")
    if not hubs.has_hub(event.hub):
        return failed(
            key, title, f"No hub {event.hub} is registered. The receiver returns 404.", _FIX
        )
    if event.category == CONNECTIONS:
        return unknown(
            key,
            title,
            f"The hub {event.hub} has no handler for the event. The receiver returns 200 and runs "
            "no code.",
            _FIX,
        )
    return failed(
        key,
        title,
        f"The hub {event.hub} has no method {event.event}. The receiver returns 404.",
        _FIX,
    )
