"""What is allowed in upstream templates and still seldom meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from upstreams import token_resources
from upstreams.patterns import (
    ANY,
    CONNECTED,
    CONNECTIONS,
    DISCONNECTED,
    MESSAGES,
    Template,
    accepts,
    parse,
    shadowed,
)

# ARM's own examples write the left-hand names, which the service never sends.
_MEANT: Final = {"connect": CONNECTED, "disconnect": DISCONNECTED}
_CATEGORIES: Final = frozenset({CONNECTIONS, MESSAGES, ANY})
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class FullTemplate(Template, Protocol):
    """A template with the address and the auth that it uses."""

    @property
    def url_template(self) -> str: ...
    @property
    def auth_type(self) -> str: ...
    @property
    def resource(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at: the template's place in the list, a stable code, and a sentence."""

    index: int
    code: str
    sentence: str


def advise(templates: Sequence[FullTemplate]) -> list[Advice]:
    """Return what an operator should know about `templates`, in their order."""
    unreachable = set(shadowed(templates))
    found: list[Advice] = []
    for index, template in enumerate(templates):
        if index in unreachable:
            found.append(
                Advice(index, "shadowed", "No event reaches it: earlier templates take them all.")
            )
        found += [
            Advice(index, code, sentence)
            for code, sentence in (*_of_patterns(template), *_of_auth(template))
        ]
    return found


def _of_patterns(template: FullTemplate) -> Iterator[tuple[str, str]]:
    for category in (parse(template.category_pattern) or frozenset()) - _CATEGORIES:
        yield (
            "category_unknown",
            f"There is no category {category!r}: there are connections and messages.",
        )
    if accepts(template.category_pattern, CONNECTIONS):
        for written, meant in _MEANT.items():
            if written in (parse(template.event_pattern) or ()):
                yield "event_never_sent", f"The service sends {meant!r}, and never {written!r}."


def _of_auth(template: FullTemplate) -> Iterator[tuple[str, str]]:
    if template.auth_type != "ManagedIdentity":
        yield "unsigned", "Its requests carry no token, and a receiver cannot tell who sent them."
        return
    if (reason := token_resources.problem(template.resource or "")) is not None:
        yield "resource_withdrawn", reason
    if _is_in_clear(template.url_template):
        yield "token_in_clear", "The token travels unencrypted: use an https address."


def _is_in_clear(url_template: str) -> bool:
    """Say whether requests travel unencrypted over a network; Local Azure's stay on the machine."""
    try:
        address = urlsplit(url_template)
    except ValueError:
        return False
    return address.scheme == "http" and address.hostname not in _THIS_MACHINE
