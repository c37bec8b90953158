"""The head of an upstream request, and the headers of its response."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from upstreams.receiver.protocol.responses import UpstreamResponse
from upstreams.receiver.serving.transport_security import transport_security

Headers = list[tuple[bytes, bytes]]

# Of responses that are for programs, should a browser ever load one.
SECURITY_HEADERS: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)


class RequestHead(Protocol):
    """The head of a request. Django's HttpRequest is one."""

    @property
    def method(self) -> str | None:
        """The HTTP method, in capitals."""

    @property
    def path_info(self) -> str:
        """The decoded path, without the query."""

    @property
    def META(self) -> Mapping[str, Any]:  # noqa: N802  # Django's name
        """The headers by their CGI names (RFC 3875), decoded as latin-1, and the query string."""


@dataclass(slots=True)
class Head:
    """A RequestHead without the parts of Django's request that the receiver does not use."""

    method: str
    path_info: str
    scheme: str
    META: dict[str, Any]

    @property
    def is_secure(self) -> bool:
        """Whether the request came over HTTPS, as `HttpRequest.is_secure`."""
        if trusted := transport_security().proxy_header:
            name, secure = trusted
            forwarded: str | None = self.META.get(name)
            if forwarded is not None:
                return forwarded.partition(",")[0].strip() == secure
        return self.scheme == "https"

    @classmethod
    def of(cls, scope: Any) -> Head:
        """Return the head of an ASGI request."""
        meta = cgi_headers(scope["headers"])
        meta["QUERY_STRING"] = scope["query_string"].decode("latin-1")
        return cls(scope["method"], scope["path"], scope["scheme"], meta)


def cgi_headers(headers: Collection[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by their CGI names, decoded as latin-1; repeated ones joined with a comma.

    Source: RFC 3875, section 4.1.18; RFC 9110, section 5.2. A name with an underscore is left out:
    it would pass for the one with a hyphen.
    """
    found = {_cgi_name(raw): value.decode("latin-1") for raw, value in headers}
    if len(found) < len(headers):
        # A name is repeated, which no request of the service's has.
        values: dict[str, list[str]] = {}
        for raw, value in headers:
            values.setdefault(_cgi_name(raw), []).append(value.decode("latin-1"))
        found = {name: ",".join(each) for name, each in values.items()}
    found.pop("", None)
    return found


def response_headers(response: UpstreamResponse, request_id: str, *, is_secure: bool) -> Headers:
    """Return the headers that a response is sent with."""
    headers = [
        (b"content-type", response.content_type.encode("latin-1")),
        (b"content-length", b"%d" % len(response.body)),
        (b"x-request-id", request_id.encode("latin-1")),
        *SECURITY_HEADERS,
    ]
    if is_secure and (strict := transport_security().strict_transport):
        headers.append((b"strict-transport-security", strict))
    headers += [(_wire_name(name), value.encode("latin-1")) for name, value in response.headers]
    return headers


@lru_cache(maxsize=256)
def _cgi_name(raw: bytes) -> str:
    if b"_" in raw:
        return ""
    name = raw.decode("latin-1").upper().replace("-", "_")
    return name if name in {"CONTENT_LENGTH", "CONTENT_TYPE"} else f"HTTP_{name}"


@lru_cache(maxsize=16)
def _wire_name(name: str) -> bytes:
    return name.lower().encode("latin-1")
