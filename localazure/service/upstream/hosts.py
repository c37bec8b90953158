"""The hosts that upstream requests may reach: those of this machine."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit


class NotLocal(Exception):
    """The URL is not of this machine, or not a URL; the text says which."""


def require_local(url: str) -> None:
    """Check that a URL is of this machine. Raises NotLocal."""
    if not _is_loopback(host_of(url)):
        raise NotLocal(
            f"Local Azure sends upstream requests only to this machine (localhost), not to '{url}'."
        )


@lru_cache(maxsize=1024)
def host_of(url: str) -> str:
    """Return the host of a URL; empty without one. Raises NotLocal."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError as error:
        raise NotLocal(f"'{url}' is not a URL: {error}.") from error


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
