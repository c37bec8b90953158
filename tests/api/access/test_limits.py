"""Rate limits of requests and of failed sign-in attempts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.roles import Role
from tests.accounts.callers import bearing, caller

pytestmark = pytest.mark.django_db

INSTANCES = "/api/v1/instances/"


@pytest.fixture(autouse=True)
def few(settings: Settings) -> Iterator[None]:
    """Set low limits. Refusals are counted by the minute of the clock, which may not end here."""
    settings.API = settings.API | {"REQUESTS_A_MINUTE": 2, "REFUSALS_A_MINUTE": 3}
    with time_machine.travel(timezone.now(), tick=False):
        yield


def tries(number: int, **address: Any) -> list[int]:
    client = bearing("smp_guessed")
    return [client.get(INSTANCES, **address).status_code for _ in range(number)]


def test_reports_remaining_requests_and_stops_at_the_limit() -> None:
    client = caller(Role.VIEWER)
    left = [client.get(INSTANCES)["RateLimit-Remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    answer = client.get(INSTANCES)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert answer["RateLimit-Remaining"] == "0"
    assert answer.json()["type"] == "/problems/too-many-requests"


def test_stops_an_address_that_only_fails() -> None:
    assert tries(5) == [401, 401, 401, 429, 429]


def test_refusal_names_the_time_of_the_next_try() -> None:
    tries(3)
    answer = bearing("smp_guessed").get(INSTANCES)
    assert 0 < int(answer["Retry-After"]) <= 60


def test_valid_credentials_do_not_lift_the_limit() -> None:
    client = caller(Role.VIEWER)
    tries(3)
    assert client.get(INSTANCES).status_code == 429


def test_other_addresses_are_not_limited() -> None:
    tries(4)
    assert caller(Role.VIEWER).get(INSTANCES, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_ipv6_addresses_of_one_network_share_a_limit() -> None:
    tries(3, REMOTE_ADDR="2001:db8::1")
    assert tries(1, REMOTE_ADDR="2001:db8::2") == [429]
    assert tries(1, REMOTE_ADDR="2001:db8:0:1::1") == [401]


def test_ignores_addresses_that_the_caller_claims() -> None:
    tries(3, HTTP_X_FORWARDED_FOR="192.0.2.8")
    assert tries(1, HTTP_X_FORWARDED_FOR="192.0.2.9") == [429]


def test_uses_the_address_that_the_proxy_reports(settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    tries(3, HTTP_X_FORWARDED_FOR="203.0.113.1, 192.0.2.8")
    assert tries(1, HTTP_X_FORWARDED_FOR="203.0.113.2, 192.0.2.8") == [429]
    assert tries(1, HTTP_X_FORWARDED_FOR="203.0.113.1, 192.0.2.9") == [401]


def test_requests_without_credentials_are_not_counted() -> None:
    client = APIClient()
    assert {client.get(INSTANCES).status_code for _ in range(5)} == {401}
    assert caller(Role.VIEWER).get(INSTANCES).status_code == 200


def test_storage_of_refusals_is_bounded() -> None:
    tries(1)
    before = len(cache._cache)  # type: ignore[attr-defined]  # noqa: SLF001  of the cache in memory
    tries(2)
    assert len(cache._cache) == before  # type: ignore[attr-defined]  # noqa: SLF001
