"""A request to a site's host, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from localazure.arm.resources import Resource

Headers = dict[str, str]


@dataclass(frozen=True)
class SiteRequest:
    """A request. Names of `headers` are in lower case.

    `client` is the sender's IP address; None for an Azure service, which is known by its service
    tag. `service` is the resource that sends, such as a SignalR instance: its shared private links
    count. No sender here presents a client certificate unless `has_certificate`.
    """

    method: str
    url: str
    headers: Headers = field(default_factory=dict)
    body: bytes = b""
    client: str | None = None
    service: Resource | None = None
    has_certificate: bool = False

    @property
    def host(self) -> str:
        """The host of the URL, in lower case."""
        return (urlsplit(self.url).hostname or "").lower()

    @property
    def path(self) -> str:
        """The path of the URL."""
        return urlsplit(self.url).path or "/"

    @property
    def is_secure(self) -> bool:
        """Whether it came over TLS."""
        return urlsplit(self.url).scheme == "https"

    @property
    def bearer(self) -> str | None:
        """The bearer token; None without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    def query(self, name: str) -> str:
        """Return the first value of a query parameter; empty without one."""
        return parse_qs(urlsplit(self.url).query).get(name, [""])[0]


@dataclass(frozen=True)
class SiteAnswer:
    """An answer. `refused_by` is readable text that names the part that refused, or None."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=dict)
    refused_by: str | None = None
