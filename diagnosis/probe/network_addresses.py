"""Network addresses that a probe must not send requests to, in every notation.

An IPv6 address can embed an IPv4 address, to which a router or a tunnel forwards.
Sources: RFC 4291 (mapped and compatible), RFC 2765 (translated), RFC 3056 (6to4), RFC 4380
(Teredo), RFC 5214 (ISATAP), RFC 6052 and RFC 8215 (NAT64). A network's own translation
prefixes cannot be known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

# Metadata services of virtual machines and their hosts, which return secrets.
_METADATA: Final = ("168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200")
# Networks whose addresses end in an IPv4 address.
_AT_THE_END: Final = (
    IPv6Network("::/96"),
    IPv6Network("::ffff:0:0/96"),
    IPv6Network("::ffff:0:0:0/96"),
    IPv6Network("64:ff9b::/96"),
)
# For local use: a network divides it into NAT64 prefixes of its own.
_LOCAL_NAT64: Final = IPv6Network("64:ff9b:1::/48")
# Lengths of such a prefix in bytes. The ninth byte is zero (RFC 6052 section 2.2).
_PREFIX_BYTES: Final = (6, 7, 8)
# Bytes 8 to 11 of an ISATAP address, for a private and for a public IPv4 address.
_ISATAP: Final = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


def is_forbidden(address: str) -> bool:
    """Return whether an address is link-local, metadata, multicast or unspecified."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and any(map(_is_never_upstream, _embedded(found))):
        return True
    return _is_never_upstream(found)


def is_public(address: str, *, besides: Iterable[str] = ()) -> bool:
    """Return whether an address is one of the Internet's, or of the networks `besides`.

    Loopback, private and reserved addresses are not. For an address that embeds IPv4 addresses,
    each of these must be public, too.
    """
    found = ip_address(address.partition("%")[0])
    networks = [ip_network(each) for each in besides]
    if any(found in network for network in networks):
        return True
    inner = list(_embedded(found)) if isinstance(found, IPv6Address) else []
    is_wrapped = isinstance(found, IPv6Address) and any(found in each for each in _AT_THE_END)
    outer = [] if is_wrapped else [found]
    return all(
        each.is_global or any(each in network for network in networks) for each in (*outer, *inner)
    )


def _is_never_upstream(found: IPv4Address | IPv6Address) -> bool:
    return (
        found.is_link_local or found.is_multicast or found.is_unspecified or str(found) in _METADATA
    )


def _embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that requests to `address` may be forwarded to."""
    written = address.packed
    if any(address in network for network in _AT_THE_END) or written[8:12] in _ISATAP:
        yield IPv4Address(written[12:])
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _LOCAL_NAT64:
        yield from _translated(written)


def _translated(written: bytes) -> Iterator[IPv4Address]:
    rest = written[:8] + written[9:]
    for four in (written[12:], *(rest[start : start + 4] for start in _PREFIX_BYTES)):
        # Read with a wrong prefix length, most addresses are zero.
        if any(four):
            yield IPv4Address(four)
