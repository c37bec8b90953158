"""Addresses that are never probed, and those that only this machine can reach."""

from __future__ import annotations

import pytest

from diagnosis.probe.network_addresses import is_forbidden, is_public


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:169.254.169.254",
        "::ffff:0:a9fe:a9fe",
        "::a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::168.63.129.16",
        "64:ff9b:1::a9fe:a9fe",
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:aa:a9:fea9:fe00:0",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::5601:5601",
        "2001:0:4136:e378:8000:63bf:5601:5601",
        "fd12::5efe:a9fe:a9fe",
        "2001:db8::200:5efe:169.254.169.254",
    ],
)
def test_no_address_hides_another_inside(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        # Link-local, then multicast and unspecified, then metadata of four clouds.
        *("169.254.1.1", "fe80::1", "fe80::1%eth0"),
        *("224.0.0.1", "ff02::1", "0.0.0.0", "::"),  # noqa: S104
        *("168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200"),
    ],
)
def test_forbids_address(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.4", "127.0.0.1", "::1", "52.1.2.3", "fd12::1"),
        *("64:ff9b::52.1.2.3", "64:ff9b:1::10.0.0.4", "2002:3401:203::1", "2603:1030::a9fe:a9fe"),
    ],
)
def test_allows_addresses_that_are_not_metadata(address: str) -> None:
    assert not is_forbidden(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.4", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "::1", "fd12::1"),
        *("::ffff:10.0.0.4", "::10.0.0.4", "64:ff9b::10.0.0.4", "64:ff9b:1::10.0.0.4"),
        *("2002:a00:4::1", "2603:1030::5efe:a00:4", "192.0.2.1", "240.0.0.1", "fe80::1%1"),
    ],
)
def test_address_is_not_public(address: str) -> None:
    assert not is_public(address)
    assert not is_public(address, besides=["10.9.0.0/16"])


@pytest.mark.parametrize(
    "address", ["52.1.2.3", "2603:1030::1", "::ffff:52.1.2.3", "64:ff9b::52.1.2.3"]
)
def test_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("::ffff:10.1.2.3", "10.1.0.0/16"),
        ("64:ff9b::10.1.2.3", "10.1.0.0/16"),
        ("fd12::1", "fd12::/64"),
    ],
)
def test_address_of_allowed_network_is_public(address: str, network: str) -> None:
    assert is_public(address, besides=[network])
