"""Requests that show a wrong proxy setting are answered with the setting to change."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from django.test import Client
from pytest_django import Settings

from tests.config.web import serving
from tests.sync.portal import Portal


@pytest.fixture
def https(settings: Settings) -> Settings:
    settings.SECURE_SSL_REDIRECT = True
    return settings


@pytest.mark.usefixtures("https")
def test_names_setting_where_redirects_would_loop(caplog: pytest.LogCaptureFixture) -> None:
    answer = Client(headers={"X-Forwarded-Proto": "https"}).get("/admin/login/")
    assert answer.status_code == 500
    assert "SIGNALMAN_BEHIND_PROXY is off" in answer.content.decode()
    assert "SIGNALMAN_BEHIND_PROXY is off" in caplog.text


@pytest.mark.django_db
def test_serves_requests_through_proxy_without_https() -> None:
    answer = Client(headers={"X-Forwarded-Proto": "https"}).get("/admin/login/")
    assert answer.status_code == 200


def test_redirects_plain_requests(https: Settings) -> None:
    answer = Client().get("/admin/login/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/admin/login/")


@pytest.mark.django_db
def test_trusts_configured_proxy(https: Settings) -> None:
    https.BEHIND_PROXY = True
    https.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    answer = Client(headers={"X-Forwarded-Proto": "https"}).get("/admin/login/")
    assert answer.status_code == 200


def test_refuses_path_prefix() -> None:
    answer = Client().get("/livez", SCRIPT_NAME="/signalman")
    assert answer.status_code == 500
    assert "cannot be served below a path" in answer.content.decode()


@pytest.mark.slow
def test_refuses_path_prefix_of_web_server(tmp_path: Path) -> None:
    environment = Portal(tmp_path).environment
    with serving(environment, "--url-path-prefix", "/signalman") as address:
        for path in ("livez", "admin/login/", "api/v1/instances/", "upstream/contoso-chat/"):
            answer = requests.post(f"{address}/signalman/{path}", timeout=60)
            assert (path, answer.status_code) == (path, 500)
            assert "cannot be served below a path" in answer.text
