"""The API over http, where Signalman is served over https, and in caches."""

from __future__ import annotations

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/instances/"


@pytest.fixture(autouse=True)
def _https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True


def test_refuses_http_instead_of_redirecting() -> None:
    answer = APIClient().get(ADDRESS, headers={"authorization": "Bearer secret"})
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert "https only" in answer.json()["detail"]


def test_redirects_pages() -> None:
    answer = APIClient().get("/admin/login/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/admin/login/")


def test_serves_https() -> None:
    answer = APIClient().get(ADDRESS, secure=True)
    assert (answer.status_code, answer["Cache-Control"]) == (401, "no-store")
