"""Warnings about upstream templates: what Azure accepts and what is rarely intended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from upstreams.token_requests import resources as token_resources
from upstreams.url_templates.patterns import (
    ANY,
    CONNECTED,
    CONNECTIONS,
    DISCONNECTED,
    MESSAGES,
    PLACEHOLDERS,
    Template,
    accepts,
    earlier_matches,
    parse,
    unreachable,
)

# ARM's own examples have the names on the left, which the service never sends.
_INTENDED: Final = {"connect": CONNECTED, "disconnect": DISCONNECTED}
_CATEGORIES: Final = frozenset({CONNECTIONS, MESSAGES, ANY})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_BRACES: Final = re.compile(r"\{[^{}@]*\}")


class FullTemplate(Template, Protocol):
    """A template with its URL and its authentication."""

    @property
    def url_template(self) -> str: ...
    @property
    def auth_type(self) -> str: ...
    @property
    def resource(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class TemplateWarning:
    """A warning: the template's index in the list, a stable code, and a message."""

    index: int
    code: str
    message: str


def template_warnings(templates: Sequence[FullTemplate]) -> list[TemplateWarning]:
    """Return the warnings about `templates`, in their order."""
    without_events = set(unreachable(templates))
    found: list[TemplateWarning] = []
    for index, template in enumerate(templates):
        if index in without_events and earlier_matches(templates, index):
            message = "It receives no events, because earlier templates match all of them."
            found.append(TemplateWarning(index, "shadowed", message))
        patterns = list(_of_patterns(template))
        if index in without_events and not patterns and not earlier_matches(templates, index):
            patterns = [("event_never_sent", "It matches no event that the service sends.")]
        found += [
            TemplateWarning(index, code, message)
            for code, message in (*patterns, *_of_url(template), *_of_auth(template))
        ]
    return found


def _of_patterns(template: FullTemplate) -> Iterator[tuple[str, str]]:
    yield from _of_hubs(template)
    yield from _of_categories(template)
    yield from _of_events(template)
    for kind in ("hub_pattern", "category_pattern", "event_pattern"):
        for name in sorted(parse(getattr(template, kind)) or ()):
            if _has_wildcard(name):
                message = (
                    f"The pattern {name!r} matches only that literal name: Azure SignalR Service "
                    "has no wildcard other than * by itself."
                )
                yield "pattern_not_supported", message


def _of_hubs(template: FullTemplate) -> Iterator[tuple[str, str]]:
    """Yield the hubs that are written in upper case only."""
    hubs = parse(template.hub_pattern) or frozenset()
    for hub in sorted(hubs):
        if hub.lower() not in hubs and not _has_wildcard(hub):
            message = (
                f"Microsoft's SDKs write hub names in lower case in clients' URLs, so that {hub!r} "
                "may match no client."
            )
            yield "hub_case", message


def _of_categories(template: FullTemplate) -> Iterator[tuple[str, str]]:
    for category in sorted((parse(template.category_pattern) or frozenset()) - _CATEGORIES):
        message = f"{category!r} is not a category. Use connections or messages."
        yield "category_unknown", message


def _of_events(template: FullTemplate) -> Iterator[tuple[str, str]]:
    """Yield the events that the service never sends, of templates for connections."""
    events = parse(template.event_pattern) or frozenset()
    if not accepts(template.category_pattern, CONNECTIONS):
        return
    for written in sorted(_INTENDED.keys() & events):
        message = f"The service sends the event {_INTENDED[written]!r}, never {written!r}."
        yield "event_never_sent", message
    if parse(template.category_pattern) != frozenset({CONNECTIONS}):
        return
    for event in sorted(events - {CONNECTED, DISCONNECTED} - _INTENDED.keys()):
        if not _has_wildcard(event):
            message = f"The category connections has no event {event!r}."
            yield "event_never_sent", message


def _has_wildcard(name: str) -> bool:
    return ANY in name or "?" in name


def _of_url(template: FullTemplate) -> Iterator[tuple[str, str]]:
    for written in dict.fromkeys(_BRACES.findall(template.url_template)):
        if written not in PLACEHOLDERS and written.lower() in PLACEHOLDERS:
            yield (
                "placeholder_case",
                f"The service replaces {written.lower()}, not {written}.",
            )


def _of_auth(template: FullTemplate) -> Iterator[tuple[str, str]]:
    if template.auth_type != "ManagedIdentity":
        yield "unsigned", "Its requests carry no token, so the receiver cannot verify the sender."
        return
    if (reason := token_resources.problem(template.resource or "")) is not None:
        yield "resource_withdrawn", reason
    if _is_unencrypted(template.url_template):
        yield "token_unencrypted", "The token is sent unencrypted. Use an https URL."


def _is_unencrypted(url_template: str) -> bool:
    """Return whether requests cross a network unencrypted; those to this machine do not."""
    try:
        address = urlsplit(url_template)
    except ValueError:
        return False
    return address.scheme == "http" and address.hostname not in _LOOPBACK
