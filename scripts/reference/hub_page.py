"""The page of the hub API, from the signatures and docstrings of its classes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final

from scripts.reference.markdown import code, generated, table
from upstreams.negotiation import NegotiationView, negotiation_urls
from upstreams.receiver import Hub, HubError, UpstreamRequest
from upstreams.receiver.testing import HubTestClient, installed_hubs
from upstreams.sender import InvalidCall, Negotiation, SendError
from upstreams.sender.hub_sender import HubSender
from upstreams.sender.testing import recorded_calls

_NEGOTIATION_HOOKS: Final = (
    "get_hub",
    "get_instance",
    "get_user_id",
    "get_claims",
    "get_lifetime",
    "post",
)

_STARS: Final[dict[Any, str]] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}


def page() -> str:
    """Return the text of the page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield from generated(
        "Hub API",
        "the docstrings and signatures of `upstreams.receiver`, `upstreams.sender` and "
        "`upstreams.negotiation`",
        "The classes and functions for an app's `hubs.py`, for negotiation and for tests. [Handle "
        "client events](../how-to/hubs.md) shows how to use them. Each method that sends has an "
        "asynchronous form with the prefix `a`.",
    )
    yield "## Handlers: upstreams.receiver\n"
    yield from _class(Hub, _public(Hub))
    yield from _class(UpstreamRequest, _public(UpstreamRequest))
    yield from _class(HubError, ())
    yield "## Sending\n"
    yield from _class(HubSender, _synchronous(HubSender))
    yield "## Errors and results: upstreams.sender\n"
    for each in (InvalidCall, SendError, Negotiation):
        yield from _class(each, _public(each))
    yield "## Negotiation: upstreams.negotiation\n"
    yield from _class(
        NegotiationView, [n for n in _NEGOTIATION_HOOKS if n in vars(NegotiationView)]
    )
    yield from _function(negotiation_urls, "###")
    yield "## Tests: upstreams.receiver.testing and upstreams.sender.testing\n"
    yield from _class(HubTestClient, _synchronous(HubTestClient))
    yield from _function(installed_hubs, "###")
    yield from _function(recorded_calls, "###")


def _public(owner: type) -> list[str]:
    return [name for name in vars(owner) if not name.startswith("_")]


def _synchronous(owner: type) -> list[str]:
    """Return the public names without the asynchronous forms, which differ in their prefix only."""
    names = _public(owner)
    return [name for name in names if name[:1] != "a" or name[1:] not in names]


def _class(owner: type, names: Iterable[str]) -> Iterator[str]:
    base = owner.__mro__[1].__name__
    yield f"### {owner.__name__}\n"
    constructor = vars(owner).get("__init__")
    if constructor and not is_dataclass(owner) and not inspect.isabstract(owner):
        yield _block(f"class {owner.__name__}{_signature(constructor)}")
    elif base != "object":
        yield _block(f"class {owner.__name__}({base})")
    yield _prose(inspect.getdoc(owner))
    if is_dataclass(owner):
        shown = [each for each in fields(owner) if not each.name.startswith("_")]
        yield table(("field", "type"), ((code(each.name), code(str(each.type))) for each in shown))
    for name in names:
        member = inspect.getattr_static(owner, name)
        if inspect.isfunction(member):
            yield from _function(member, "####")
        elif inspect.isdatadescriptor(member) or hasattr(member, "attrname"):
            yield f"#### {name}\n"
            yield _prose(inspect.getdoc(member))


def _function(function: Callable[..., Any], heading: str) -> Iterator[str]:
    name = function.__name__
    yield f"{heading} {name}\n"
    yield _block(f"{name}{_signature(function)}")
    yield _prose(inspect.getdoc(function))


def _signature(function: Callable[..., Any]) -> str:
    """Return the parameters as they are written in the source, without `self`."""
    signature = inspect.signature(inspect.unwrap(function))
    parts: list[str] = []
    is_keyword_only = False
    for each in signature.parameters.values():
        if each.name == "self":
            continue
        if each.kind is each.KEYWORD_ONLY and not is_keyword_only:
            is_keyword_only = True
            if not any(part.startswith("*") for part in parts):
                parts.append("*")
        if each.kind is each.VAR_POSITIONAL:
            is_keyword_only = True
        stars = _STARS.get(each.kind, "")
        kind = "" if each.annotation is each.empty else f": {each.annotation}"
        default = "" if each.default is each.empty else f" = {_default(each.default)}"
        parts.append(f"{stars}{each.name}{kind}{default}")
    returns = signature.return_annotation
    ending = "" if returns in (signature.empty, "None") else f" -> {returns}"
    return f"({', '.join(parts)}){ending}"


def _default(value: object) -> str:
    return f"{value.__name__}" if isinstance(value, type) else repr(value)


def _block(line: str) -> str:
    return f"```text\n{line}\n```\n"


def _prose(words: str | None) -> str:
    """Return a docstring as Markdown: an indented part becomes a block of code."""
    found = (words or "").replace("*", r"\*").replace(r"`\*`", "`*`").replace("<", r"\<")
    pieces = re.split(r"((?:^    .*\n?|^\n(?=    ))+)", found, flags=re.MULTILINE)
    return (
        "".join(
            f"```text\n{inspect.cleandoc(piece)}\n```\n\n" if piece.startswith("    ") else piece
            for piece in pieces
            if piece
        ).rstrip()
        + "\n"
    )
