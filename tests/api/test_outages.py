"""The API while the cache or the database is unavailable."""

from __future__ import annotations

import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
import redis
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from accounts.roles import Role
from config.environment_variables import parsers
from tests.accounts.callers import bearing, caller

pytestmark = pytest.mark.django_db

INSTANCES = "/api/v1/instances/"
ANSWER_SECONDS = 30
# Nothing listens on the discard port.
AWAY = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:9/0",
    }
}


@pytest.fixture
def no_cache(settings: Settings) -> None:
    settings.CACHES = AWAY


@pytest.mark.usefixtures("no_cache")
def test_serves_without_cache(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert caller(Role.VIEWER).get(INSTANCES).status_code == 200
    assert "requests are not limited" in caplog.text


@pytest.mark.usefixtures("no_cache")
def test_refuses_credentials_without_cache() -> None:
    assert bearing("smp_guessed").get(INSTANCES).status_code == 401


@pytest.mark.usefixtures("no_cache")
def test_stays_ready_without_cache() -> None:
    answer = Client().get("/readyz?exclude=worker")
    assert answer.status_code == 200
    assert answer.json()["checks"]["cache"]["status"] == "degraded"


def test_waits_briefly_for_a_silent_cache(settings: Settings) -> None:
    # It accepts connections, by its backlog, and never answers.
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(1) as thread:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        settings.CACHES = {"default": parsers.cache(url)}
        read = thread.submit(cache.get, "key")
        try:
            assert isinstance(read.exception(ANSWER_SECONDS), redis.exceptions.TimeoutError)
        finally:
            # It ends a read that still waits.
            silent.close()


def test_answers_503_while_database_is_away() -> None:
    client = caller(Role.VIEWER)
    with patch.object(connection, "cursor", side_effect=OperationalError("host db.internal")):
        answer = client.get(INSTANCES)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer["Content-Type"] == "application/problem+json"
    assert "db.internal" not in answer.content.decode()


@pytest.mark.parametrize("middleware", ["django.contrib.sessions.middleware.SessionMiddleware"])
def test_answers_503_where_middleware_meets_database(middleware: str) -> None:
    client = Client(raise_request_exception=False)
    with patch(f"{middleware}.process_request", side_effect=OperationalError("away")):
        answer = client.get(INSTANCES)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
