"""The client's address behind proxies and on dual-stack sockets."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from django.test import Client, RequestFactory
from pytest_django import Settings

from observability.client_address import client_address, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:41000", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:41000", "203.0.113.7"),
    ],
)
def test_parses_address(text: str, address: str) -> None:
    assert parse_address(text) == ip_address(address)


@pytest.mark.parametrize("text", ["", "unknown", "_hidden", "203.0.113.7:", "[::1", "1.2.3.4:x"])
def test_refuses_what_is_no_address(text: str) -> None:
    assert parse_address(text) is None


def test_uses_last_forwarded_entry_behind_proxy(settings: Settings) -> None:
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7:41000"}
    request = RequestFactory(headers=headers).get("/", REMOTE_ADDR="10.0.0.1")
    settings.BEHIND_PROXY = True
    assert str(client_address(request)) == "203.0.113.7"
    settings.BEHIND_PROXY = False
    assert str(client_address(request)) == "10.0.0.1"


@pytest.mark.django_db
def test_mapped_loopback_may_read_metrics() -> None:
    assert Client().get("/metrics", REMOTE_ADDR="::ffff:127.0.0.1").status_code == 200
    assert Client().get("/metrics", REMOTE_ADDR="::ffff:192.0.2.1").status_code == 403
