"""Upstream requests of Azure SignalR Service, parsed from headers and bytes into frozen values.

Headers are read by their CGI names (RFC 3875), as every WSGI server gives them, decoded as latin-1.
Source: Azure SignalR Service, "Upstream endpoints", request header and body format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl, unquote

from upstreams.receiver.protocol import limits
from upstreams.receiver.protocol.incoming_bodies import Format, media_format, read_body
from upstreams.receiver.protocol.multi_values import MultiValues
from upstreams.receiver.protocol.refusals import ProtocolError
from upstreams.sender.hub_sender import InstanceSender
from upstreams.url_templates.patterns import CONNECTED, CONNECTIONS, DISCONNECTED, MESSAGES

Category = Literal["connections", "messages"]

_HUB: Final = "HTTP_X_ASRS_HUB"
_CATEGORY: Final = "HTTP_X_ASRS_CATEGORY"
_EVENT: Final = "HTTP_X_ASRS_EVENT"
_CONNECTION_ID: Final = "HTTP_X_ASRS_CONNECTION_ID"
_USER_ID: Final = "HTTP_X_ASRS_USER_ID"
_USER_CLAIMS: Final = "HTTP_X_ASRS_USER_CLAIMS"
_CLIENT_QUERY: Final = "HTTP_X_ASRS_CLIENT_QUERY"
_CONTENT_TYPE: Final = "CONTENT_TYPE"

_CATEGORIES: Final[dict[str, Category]] = {"connections": "connections", "messages": "messages"}
# Events whose names are cached. Unauthenticated requests can name any.
_MAX_EVENTS: Final = 1024
# How long a field that is escaped in no common way may be, and how often, to be looked through.
_ODD_LENGTH: Final = 1_024
_ODD_ESCAPES: Final = 8
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _spelled(text: str) -> str:
    """Return a pattern for `text` in any case, each character escaped any number of times."""
    return "".join(
        rf"(?:{one}|%(?:25)*+(?:{ord(one.lower()):02x}|{ord(one.upper()):02x}))" for one in text
    )


def _escaped_but(codes: str) -> str:
    return rf"%(?:25)*+(?:(?!{codes})[0-9a-f]{{2}}|(?![0-9a-f]{{2}}))"


# Letters, digits, `-._~[`: what is within a name, so that `room[id]` is another than `id`.
_NAMED: Final = r"3\d|[46][1-9a-f]|[57][0-9a]|2d|2e|5f|7e|5b"
_BEFORE: Final = rf"(?:^|[^\w.~%\[\]-]|{_escaped_but(_NAMED + '|5d')})"
# What some reader passes over: blanks and signs, then a bracket or NUL and whatever follows it.
_BEHIND: Final = (
    rf"(?:[^\w.~%=:\[\0-]|{_escaped_but(_NAMED + '|3d|3a|00')})*+"
    r"(?:(?:[\[\0]|%(?:25)*+(?:5b|00))(?:[^=%]|%(?!(?:25)*+3d)){0,32}+)?"
)
# The client's token and its connection ID, which authenticate it. In JSON a colon follows.
_SECRET: Final = re.compile(
    rf"{_BEFORE}(?:{_spelled('access_token')}{_BEHIND}(?:{_spelled('=')}|{_spelled(':')})"
    rf"|{_spelled('id')}{_BEHIND}{_spelled('=')})",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
# A field without another in it, the common case, and faster to match than the general pattern.
_PLAIN: Final = re.compile(r"\??[\w.~-]*=?[\w.~-]*", re.ASCII)
# An escape whose own digits are escaped, or a mere percent sign.
_ODD: Final = re.compile(r"%(?:25)*+[0-9a-f]?%", re.IGNORECASE)


class Route(NamedTuple):
    """The event and the connection that a request's headers name."""

    hub: str
    category: Category
    event: str
    connection_id: str


@dataclass(frozen=True)
class UpstreamRequest:
    """One event of one client, as handlers receive it.

    `invocation_id` is set where the client waits for a result. `target` and `arguments` belong to
    messages, `error` to a connection that did not close cleanly. `query_raw` is the client's query
    with its leading `?` and without the values of `access_token` and `id`.
    """

    hub: str
    category: Category
    event: str
    connection_id: str
    instance: str = ""
    user_id: str | None = None
    claims_raw: str = ""
    query_raw: str = ""
    invocation_id: str | None = None
    target: str | None = None
    arguments: tuple[Any, ...] = ()
    error: str | None = None
    protocol: Format = "json"

    @cached_property
    def claims(self) -> MultiValues:
        """The user's claims, as far as the header `type: value, type: value` can be told apart.

        Values are not escaped, so that a user who may choose one, say a display name with a comma
        in it, can invent claims: base no decision on a claim unless the token's issuer
        allows no comma in values. A piece without ": " continues the previous value.
        """
        return MultiValues(_claims(self.claims_raw))

    @cached_property
    def query(self) -> MultiValues:
        """The query of the client's connection; `access_token` and `id` are redacted."""
        query = self.query_raw.lstrip().removeprefix("?")
        return MultiValues(
            parse_qsl(query, keep_blank_values=True, max_num_fields=limits.QUERY_FIELDS)
        )

    def reply(self, target: str, *arguments: Any) -> None:
        """Call a method of the client that caused the event. Raises InvalidCall, SendError."""
        self._sender.send_to_connection(self.connection_id, target, *arguments)

    async def areply(self, target: str, *arguments: Any) -> None:
        """Call a method of the client that caused the event. Raises InvalidCall, SendError."""
        await self._sender.asend_to_connection(self.connection_id, target, *arguments)

    @property
    def _sender(self) -> InstanceSender:
        return InstanceSender(self.hub, self.instance or None)


def read_route(headers: Mapping[str, Any]) -> Route:
    """Return the route of a request. Raises ProtocolError where a header is missing or wrong."""
    hub, category, event = _event(headers.get(_CATEGORY), headers.get(_EVENT), headers.get(_HUB))
    return Route(hub, category, event, _connection_id(headers.get(_CONNECTION_ID)))


# Nearly all requests name one of a few events. Names that are refused are not cached.
@lru_cache(maxsize=_MAX_EVENTS)
def _event(category: str | None, event: str | None, hub: str | None) -> tuple[str, Category, str]:
    """Return the hub, category and event that the headers name."""
    known = _CATEGORIES.get(_ascii(_CATEGORY, category, limits.HUB_LENGTH).lower())
    if known is None:
        raise ProtocolError(
            "category_unknown", f"X-ASRS-Category must be {CONNECTIONS} or {MESSAGES}."
        )
    event = _utf8(_EVENT, event, limits.EVENT_LENGTH)
    if not event:
        raise _missing(_EVENT)
    if known == CONNECTIONS and event.lower() not in {CONNECTED, DISCONNECTED}:
        raise ProtocolError(
            "event_unknown",
            f"X-ASRS-Event of a connection event must be {CONNECTED} or {DISCONNECTED}.",
        )
    return _ascii(_HUB, hub, limits.HUB_LENGTH), known, event


def read_request(
    route: Route, headers: Mapping[str, Any], body: bytes, *, instance: str = ""
) -> UpstreamRequest:
    """Return the whole request.

    Raises UnsupportedBody for a media type that the service does not send for this event, and
    ProtocolError for headers or a body that cannot be what it sends.
    """
    message_format = media_format(headers.get(_CONTENT_TYPE) or "")
    message = read_body(route.category, route.event, message_format, body)
    request = object.__new__(UpstreamRequest)
    # The __init__ of a frozen dataclass takes three times as long: it sets each field separately.
    vars(request).update(
        hub=route.hub,
        category=route.category,
        event=route.event,
        connection_id=route.connection_id,
        instance=instance,
        user_id=_utf8(_USER_ID, headers.get(_USER_ID), limits.USER_ID_LENGTH) or None,
        claims_raw=_utf8(_USER_CLAIMS, headers.get(_USER_CLAIMS), limits.FREE_HEADER_LENGTH),
        query_raw=redact(_client_query(headers)),
        invocation_id=message.invocation_id,
        target=message.target,
        arguments=message.arguments,
        error=message.error,
        protocol=message_format,
    )
    return request


def redact(query: str) -> str:
    """Return the client's raw query without the client's secrets, however they are spelled.

    The values of `access_token` and `id` end with their field, at the next `&`. They are found
    within other values too, such as a URL. Everything else stays unchanged.
    """
    return "&".join([_redacted(field) for field in query.split("&")]) if query else query


def _redacted(field: str) -> str:
    found = _SECRET.match(field)
    if found is None:
        if _PLAIN.fullmatch(field):
            return field
        found = _SECRET.search(field)
    before = field if found is None else field[: found.start()]
    if _ODD.search(before) and _holds_secret(before):
        name, sign, _ = field.partition("=")
        return f"{name}=redacted" if sign and not _holds_secret(name) else "redacted"
    return field if found is None else f"{field[: found.end()]}redacted"


def _holds_secret(text: str) -> bool:
    """Return whether a text with unusual escapes may contain a secret's name and sign."""
    for _ in range(_ODD_ESCAPES if len(text) <= _ODD_LENGTH else 0):
        decoded = unquote(text)
        if decoded == text:
            return _SECRET.search(text) is not None
        text = decoded
    return True


def _claims(header: str) -> Iterator[tuple[str, str]]:
    name, pieces = "", list[str]()
    for piece in header.split(", "):
        before, separator, value = piece.partition(": ")
        if separator:
            if pieces:
                yield name, ", ".join(pieces)
            name, pieces = before, [value]
        elif pieces:
            pieces.append(piece)
    if pieces:
        yield name, ", ".join(pieces)


def _client_query(headers: Mapping[str, Any]) -> str:
    query: str = headers.get(_CLIENT_QUERY) or ""
    if len(query) > limits.FREE_HEADER_LENGTH:
        raise _too_long(_CLIENT_QUERY, limits.FREE_HEADER_LENGTH)
    if query.count("&") >= limits.QUERY_FIELDS:
        raise ProtocolError(
            "header_too_long",
            f"The header {_title(_CLIENT_QUERY)} has more than {limits.QUERY_FIELDS} fields.",
        )
    return query


def _connection_id(value: str | None) -> str:
    value = _ascii(_CONNECTION_ID, value, limits.CONNECTION_ID_LENGTH)
    # Servers join two headers of one name with a comma, which no id contains.
    if "," in value:
        raise ProtocolError(
            "header_repeated", f"The header {_title(_CONNECTION_ID)} occurs more than once."
        )
    return value


def _ascii(name: str, value: str | None, longest: int) -> str:
    if not value:
        raise _missing(name)
    if len(value) > longest:
        raise _too_long(name, longest)
    if not value.isascii():
        raise ProtocolError(
            "header_not_ascii", f"The header {_title(name)} contains non-ASCII characters."
        )
    return _without_control(name, value)


def _utf8(name: str, value: str | None, longest: int) -> str:
    """Return a header that the service sends as UTF-8, the server's latin-1 undone.

    Raises ProtocolError for one that is present and empty. The service omits such a header, and
    some servers, granian among them, replace a header that is not ASCII with an empty one: a named
    user must not become an anonymous one.
    """
    if value is None:
        return ""
    if not value:
        raise ProtocolError(
            "header_unreadable",
            f"The header {_title(name)} is empty: the web server dropped its non-ASCII characters. "
            "Serve config.asgi:application.",
        )
    # A character has up to four bytes in UTF-8.
    if len(value) > 4 * longest:
        raise _too_long(name, longest)
    if not value.isascii():
        try:
            value = value.encode("latin-1").decode("utf-8")
        except UnicodeError as error:
            raise ProtocolError(
                "header_not_utf8", f"The header {_title(name)} is not UTF-8."
            ) from error
    if len(value) > longest:
        raise _too_long(name, longest)
    return _without_control(name, value)


def _without_control(name: str, value: str) -> str:
    # The first test is cheap, and decides for nearly every header.
    if not value.isprintable() and _CONTROL.search(value):
        raise ProtocolError(
            "header_control", f"The header {_title(name)} contains control characters."
        )
    return value


def _missing(name: str) -> ProtocolError:
    return ProtocolError("header_missing", f"The header {_title(name)} is missing or empty.")


def _too_long(name: str, longest: int) -> ProtocolError:
    return ProtocolError(
        "header_too_long", f"The header {_title(name)} has more than {longest} characters."
    )


def _title(name: str) -> str:
    return name.removeprefix("HTTP_").replace("_", "-").title().replace("Asrs", "ASRS")
