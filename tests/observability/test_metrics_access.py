"""Access to `/metrics`."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db
TOKEN = "let-prometheus-in"


def answer(remote: str = "127.0.0.1", **headers: str) -> tuple[int, str]:
    found = Client(headers=headers).get("/metrics", REMOTE_ADDR=remote)
    return found.status_code, found.content.decode()


@pytest.mark.parametrize("remote", ["127.0.0.1", "127.8.0.1", "::1"])
def test_allows_loopback(remote: str) -> None:
    status, text = answer(remote)
    assert status == 200
    assert "signalman_operations_due 0.0" in text


@pytest.mark.parametrize("remote", ["10.0.0.1", "192.0.2.1", "2001:db8::1", "", "nonsense"])
def test_refuses_other_addresses(remote: str) -> None:
    status, text = answer(remote)
    assert status == 403
    assert "signalman_" not in text


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_refuses_requests_through_local_proxy(name: str) -> None:
    assert answer(**{name: "127.0.0.1"})[0] == 403


def test_allows_configured_networks(settings: Settings) -> None:
    settings.METRICS = settings.METRICS | {"NETWORKS": ["10.0.0.0/24"]}
    assert answer("10.0.0.7")[0] == 200
    assert answer("10.0.1.7")[0] == 403
    assert answer("127.0.0.1")[0] == 403


@pytest.mark.parametrize("authorization", [f"Bearer {TOKEN}", f"bearer  {TOKEN}"])
def test_accepts_token_from_any_address(settings: Settings, authorization: str) -> None:
    settings.METRICS = settings.METRICS | {"TOKEN": TOKEN}
    assert answer("192.0.2.1", Authorization=authorization)[0] == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", "Bearer x"])
def test_requires_token_where_configured(settings: Settings, authorization: str) -> None:
    settings.METRICS = settings.METRICS | {"TOKEN": TOKEN}
    found = Client(headers={"Authorization": authorization}).get("/metrics")
    assert found.status_code == 401
    assert found["WWW-Authenticate"] == 'Bearer realm="metrics"'


def test_refuses_token_that_is_not_ascii(settings: Settings) -> None:
    settings.METRICS = settings.METRICS | {"TOKEN": TOKEN}
    assert answer(Authorization="Bearer \xe9\xff")[0] == 401


def test_refuses_methods_other_than_get() -> None:
    assert Client().post("/metrics").status_code == 405


def test_are_served_over_http(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert answer()[0] == 200


def test_serves_openmetrics_on_request() -> None:
    found = Client(headers={"Accept": "application/openmetrics-text; version=1.0.0"}).get(
        "/metrics"
    )
    assert found["Content-Type"].startswith("application/openmetrics-text")
    assert found.content.endswith(b"# EOF\n")


def test_responds_503_without_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE figures_figure")
    assert answer() == (503, "The database does not respond.\n")
