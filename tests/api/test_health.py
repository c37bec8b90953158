"""What an orchestrator asks of a process."""

from __future__ import annotations

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings


def test_a_process_lives_without_a_database(client: Client) -> None:
    answer = client.get("/livez")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_process_is_ready_where_nothing_is_missing(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


@pytest.mark.django_db
def test_a_migration_that_was_not_applied_is_named_as_what_is_missing(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="accounts", name__startswith="0002").delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["missing"] == {
        "migrations": "1 migrations were not applied: run manage.py migrate."
    }


@pytest.mark.django_db
def test_a_cache_that_keeps_nothing_is_missing(client: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert list(answer.json()["missing"]) == ["cache"]


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_health_is_only_asked_for(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_health_is_answered_in_clear_where_all_else_is_sent_to_https(
    client: Client, settings: Settings, address: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/").status_code == 301
    assert client.get(address).status_code == 200
