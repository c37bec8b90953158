"""The client's address, as far as proxies are trusted to name it.

Azure Application Gateway appends `address:port` to X-Forwarded-For (Microsoft Learn, "Modifications
to the request" of Application Gateway), and a server that listens on `::` names IPv4 clients by
mapped addresses (RFC 4291, section 2.5.5.2).
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_IPV4_AND_PORT: Final = re.compile(r"([0-9.]+):[0-9]{1,5}")
_IN_BRACKETS: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")


def client_address(request: HttpRequest) -> Address | None:
    """Return the client's address; None where it is unknown, as on a Unix socket.

    Behind a proxy it is the last entry of X-Forwarded-For, which that proxy appended; earlier
    entries are the client's own claims.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if settings.BEHIND_PROXY and forwarded:
        return parse_address(forwarded.rpartition(",")[2])
    return connection_address(request)


def connection_address(request: HttpRequest) -> Address | None:
    """Return the address at the other end of the connection: the client's or a proxy's."""
    return parse_address(request.META.get("REMOTE_ADDR", ""))


def parse_address(text: str) -> Address | None:
    """Return the address in `203.0.113.7:41000`, `[2001:db8::1]:443` or plain; None for others."""
    text = text.strip()
    found = _IN_BRACKETS.fullmatch(text) or _IPV4_AND_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address(found[1] if found else text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
