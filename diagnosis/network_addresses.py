"""Which network addresses are nobody's upstream, however they are written.

An IPv6 address can stand for an IPv4 one: a router or a tunnel takes it out and goes there.
Sources: RFC 4291 (mapped and compatible), RFC 2765 (translated), RFC 3056 (6to4), RFC 4380
(Teredo), RFC 5214 (ISATAP), RFC 6052 and RFC 8215 (NAT64). What a network translates under a
prefix of its own cannot be known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

# Virtual machines' metadata and the host beneath them: nobody's upstream, and full of secrets.
_METADATA: Final = ("168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200")
# Where the last four bytes are an IPv4 address.
_AT_THE_END: Final = (
    IPv6Network("::/96"),
    IPv6Network("::ffff:0:0/96"),
    IPv6Network("::ffff:0:0:0/96"),
    IPv6Network("64:ff9b::/96"),
)
# What a network may cut into NAT64 prefixes as it likes.
_LOCAL_NAT64: Final = IPv6Network("64:ff9b:1::/48")
# Bytes of such a prefix. The byte behind the eighth is left empty (RFC 6052 section 2.2).
_PREFIX_BYTES: Final = (6, 7, 8)
# Bytes 8 to 11 of an address of ISATAP's, for a private and for a public IPv4 address.
_ISATAP: Final = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


def is_forbidden(address: str) -> bool:
    """Say whether no upstream can be there: link-local, metadata, multicast or unspecified."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and any(map(_is_nobodys, _inside(found))):
        return True
    return _is_nobodys(found)


def _is_nobodys(found: IPv4Address | IPv6Address) -> bool:
    return (
        found.is_link_local or found.is_multicast or found.is_unspecified or str(found) in _METADATA
    )


def _inside(address: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that requests to `address` may end up at."""
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
        # Read by another prefix than its own, most addresses are all zeros.
        if any(four):
            yield IPv4Address(four)
