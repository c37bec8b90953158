"""Limits of sign-in attempts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.sign_in.limits import ACCOUNT_LIMIT, ADDRESS_LIMIT, PAIR_LIMIT

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
LOGIN = "/admin/login/"
TOO_MANY = "Too many attempts to sign in."


@pytest.fixture
def quick_hashes(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def ada(quick_hashes: None) -> Iterator[User]:
    cache.clear()
    yield User.objects.create_superuser("ada", password=PASSWORD)
    cache.clear()


def attempt(username: str, password: str = "wrong", address: str = "192.0.2.1") -> str:
    """Return "in", "wrong" or "limited"."""
    data = {"username": username, "password": password}
    response = Client(REMOTE_ADDR=address).post(LOGIN, data)
    if response.status_code == 302:
        return "in"
    return "limited" if TOO_MANY in response.content.decode() else "wrong"


def test_limits_attempts_of_an_account_from_one_address() -> None:
    assert [attempt("ada") for _ in range(PAIR_LIMIT)] == ["wrong"] * PAIR_LIMIT
    assert attempt("ada") == "limited"
    assert attempt("ADA", PASSWORD) == "limited"
    # From elsewhere the administrator still signs in.
    assert attempt("ada", PASSWORD, address="192.0.2.2") == "in"


def test_limits_attempts_of_an_address() -> None:
    found = [attempt(f"name-{number}") for number in range(ADDRESS_LIMIT + 1)]
    assert found == ["wrong"] * ADDRESS_LIMIT + ["limited"]
    assert attempt("ada", PASSWORD) == "limited"


def test_limited_account_signs_in_from_known_address() -> None:
    assert attempt("ada", PASSWORD) == "in"
    for number in range(ACCOUNT_LIMIT):
        attempt("ada", address=f"198.51.100.{number}")
    assert attempt("ada", PASSWORD, address="203.0.113.1") == "limited"
    assert attempt("ada", PASSWORD) == "in"


def test_sign_in_ends_limit_of_address() -> None:
    for _ in range(3):
        assert [attempt("ada") for _ in range(PAIR_LIMIT - 1)] == ["wrong"] * (PAIR_LIMIT - 1)
        assert attempt("ada", PASSWORD) == "in"


def test_signs_in_without_a_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise ConnectionError

    for name in ("add", "incr", "get"):
        monkeypatch.setattr(cache, name, fail)
    assert attempt("ada", PASSWORD) == "in"
