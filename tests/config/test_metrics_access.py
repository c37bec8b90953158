"""Who may see the figures."""

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
def test_the_machine_itself_sees_them(remote: str) -> None:
    status, text = answer(remote)
    assert status == 200
    assert "signalman_operations_due 0.0" in text


@pytest.mark.parametrize("remote", ["10.0.0.1", "192.0.2.1", "2001:db8::1", "", "nonsense"])
def test_nobody_else_does(remote: str) -> None:
    status, text = answer(remote)
    assert status == 403
    assert "signalman_" not in text


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_who_comes_through_a_proxy_on_this_machine_is_not_on_this_machine(name: str) -> None:
    assert answer(**{name: "127.0.0.1"})[0] == 403


def test_other_networks_are_the_operators_to_name(settings: Settings) -> None:
    settings.METRICS = settings.METRICS | {"NETWORKS": ["10.0.0.0/24"]}
    assert answer("10.0.0.7")[0] == 200
    assert answer("10.0.1.7")[0] == 403
    assert answer("127.0.0.1")[0] == 403


@pytest.mark.parametrize("authorization", [f"Bearer {TOKEN}", f"bearer  {TOKEN}"])
def test_a_token_is_seen_from_anywhere(settings: Settings, authorization: str) -> None:
    settings.METRICS = settings.METRICS | {"TOKEN": TOKEN}
    assert answer("192.0.2.1", Authorization=authorization)[0] == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", "Bearer x"])
def test_where_there_is_a_token_nothing_else_counts(settings: Settings, authorization: str) -> None:
    settings.METRICS = settings.METRICS | {"TOKEN": TOKEN}
    found = Client(headers={"Authorization": authorization}).get("/metrics")
    assert found.status_code == 401
    assert found["WWW-Authenticate"] == 'Bearer realm="metrics"'


def test_a_token_that_is_no_ascii_is_refused_and_breaks_nothing(settings: Settings) -> None:
    settings.METRICS = settings.METRICS | {"TOKEN": TOKEN}
    assert answer(Authorization="Bearer \xe9\xff")[0] == 401


def test_figures_are_only_asked_for() -> None:
    assert Client().post("/metrics").status_code == 405


def test_they_are_scraped_in_clear(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert answer()[0] == 200


def test_openmetrics_is_answered_to_who_asks_for_it() -> None:
    found = Client(headers={"Accept": "application/openmetrics-text; version=1.0.0"}).get(
        "/metrics"
    )
    assert found["Content-Type"].startswith("application/openmetrics-text")
    assert found.content.endswith(b"# EOF\n")


def test_without_a_table_there_is_an_answer_and_it_is_no_figure() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE figures_figure")
    assert answer() == (503, "The database does not respond.\n")
