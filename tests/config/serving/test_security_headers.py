"""Refusals before a view is called have the security headers of other responses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.config.serving.test_wsgi_adapter import adapter, refuse_to_run, scope


def without_http(settings: Settings) -> Any:
    settings.SECURE_SSL_REDIRECT = True
    return Client().get("/api/v1/instances/")


def without_final_slash(_settings: Settings) -> Any:
    return Client().post("/api/v1/instances")


def below_a_path(_settings: Settings) -> Any:
    return Client().get("/livez", SCRIPT_NAME="/signalman")


def redirected_page(settings: Settings) -> Any:
    settings.SECURE_SSL_REDIRECT = True
    return Client().get("/admin/login/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("refusal", "status"),
    [(without_http, 403), (without_final_slash, 404), (below_a_path, 500), (redirected_page, 301)],
)
def test_refusal_of_middleware(refusal: Any, status: int, settings: Settings) -> None:
    answer = refusal(settings)
    assert answer.status_code == status
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_refusal_of_large_body() -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        raise AssertionError("The body was read.")

    async def send(message: Any) -> None:
        sent.append(message)

    request = scope((b"content-length", b"999999"))
    asyncio.run(adapter(refuse_to_run)(request, receive, send))
    headers = dict(sent[0]["headers"])
    assert sent[0]["status"] == 413
    assert headers[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'"
    assert headers[b"x-content-type-options"] == b"nosniff"
