"""What an orchestrator asks of a process."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings

from localazure import seed
from observability.counters import Series
from observability.models import MetricValue
from sync.metrics import TICK
from sync.operations.tasks import enqueue_due_operations
from tests.cloud import LocalAzure
from tests.upstreams.receiver.conftest import plant_rows
from validation import configuration
from validation.keys.discovery import Discovery
from validation.keys.key_ring import Timing
from validation.keys.key_set import NO_KEYS
from validation.policy import TokenPolicy
from validation.shared_keys import SharedKeys

OK = {"status": "ok"}
NAMES = {"database", "migrations", "cache", "worker", "signing_keys"}


@pytest.fixture(autouse=True)
def _no_keys() -> Iterator[None]:
    """Hold no signing keys, as a process that has just begun."""
    configuration.forget()
    yield
    configuration.forget()


def ticked(seconds_ago: float = 0) -> None:
    MetricValue.objects.set_latest({Series(TICK): time.time() - seconds_ago})


def answer(query: str = "") -> tuple[int, dict[str, Any]]:
    found = Client().get(f"/readyz{query}")
    assert "no-store" in found["Cache-Control"]
    return found.status_code, found.json()


def wait_for_keys() -> None:
    """Wait until the reading that was begun has ended, and begin none."""
    for thread in threading.enumerate():
        if thread.name == "signing-keys":
            thread.join()


def failed() -> dict[str, str]:
    """Return what each check that failed says; there must be one, and 503."""
    status, document = answer()
    assert (status, document["status"]) == (503, "not ready")
    assert document["checks"].keys() == NAMES
    return {
        name: check["detail"]
        for name, check in document["checks"].items()
        if check["status"] == "failed"
    }


def test_a_process_lives_without_a_database(client: Client) -> None:
    found = client.get("/livez")
    assert found.status_code == 200
    assert "no-store" in found["Cache-Control"]


@pytest.mark.django_db
def test_a_process_is_ready_where_nothing_is_missing() -> None:
    ticked()
    assert answer() == (200, {"status": "ready", "checks": dict.fromkeys(NAMES, OK)})


@pytest.mark.django_db
def test_a_migration_that_was_not_applied_is_named_as_what_is_missing() -> None:
    ticked()
    MigrationRecorder.Migration.objects.filter(app="accounts", name__startswith="0003").delete()
    assert failed() == {"migrations": "1 migrations are not applied: run manage.py migrate."}


@pytest.mark.django_db
def test_a_cache_that_keeps_nothing_is_missing(settings: Settings) -> None:
    ticked()
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    status, document = answer()
    assert status == 200
    assert document["checks"]["cache"]["status"] == "degraded"


@pytest.mark.django_db
def test_a_worker_that_never_was_is_missing_until_it_does_a_tick() -> None:
    assert failed() == {"worker": "No worker has done a tick yet: start one, with --beat."}
    enqueue_due_operations.apply(throw=True)
    assert answer()[0] == 200


@pytest.mark.django_db
def test_a_worker_that_has_stopped_is_missing_after_the_limit(settings: Settings) -> None:
    ticked(seconds_ago=300)
    settings.SIGNALMAN_TICK_LIMIT_SECONDS = 600.0
    assert answer()[0] == 200
    settings.SIGNALMAN_TICK_LIMIT_SECONDS = 60.0
    sentence = r"A worker last did a tick 3\d\d seconds ago; the limit is 60\."
    assert re.fullmatch(sentence, failed()["worker"])


@pytest.mark.django_db
def test_what_another_is_responsible_for_can_be_left_out() -> None:
    status, document = answer("?exclude=worker&exclude=cache")
    assert status == 200
    assert document["checks"].keys() == NAMES - {"worker", "cache"}


@pytest.mark.django_db
def test_keys_are_read_because_readiness_is_asked_for(local_azure: LocalAzure) -> None:
    plant_rows()
    ticked()
    assert failed() == {"signing_keys": "The signing keys of 1 of 1 tenants were not read yet."}
    wait_for_keys()
    assert answer()[0] == 200


@pytest.mark.django_db
def test_keys_that_cannot_be_read_are_missing(local_azure: LocalAzure) -> None:
    plant_rows()
    ticked()
    local_azure.post("/_local/faults", [{"path": ".*keys.*", "times": 9, "status": 500}])
    assert list(failed()) == ["signing_keys"]
    wait_for_keys()
    assert list(failed()) == ["signing_keys"]


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [0.52, 23, 6 * 24])
def test_a_process_that_starts_while_entra_is_away_becomes_ready(
    local_azure: LocalAzure, hours: float
) -> None:
    plant_rows()
    ticked()
    share_keys(read_hours_ago=hours)
    local_azure.post("/_local/faults", [{"path": ".*", "times": None, "drop": True}])
    assert list(failed()) == ["signing_keys"]
    wait_for_keys()
    assert answer()[0] == 200


def share_keys(read_hours_ago: float) -> None:
    """Read the tenant's keys as another process did some time ago."""
    of = configuration.configuration()
    policy = TokenPolicy(
        tenant_id=seed.TENANT_ID,
        issuer=of.issuer,
        audiences=frozenset(),
        principal_ids=frozenset(),
    )
    discovery = Discovery.of(policy, authority=of.authority, key_hosts=of.key_hosts)
    shared = SharedKeys(
        discovery.signing_keys,
        cache,
        issuer=f"{discovery.document_url} {policy.issuer}",
        timing=Timing(),
        clock=lambda: time.time() - read_hours_ago * 3600,
    )
    assert shared(NO_KEYS, None).keys


@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_health_is_only_asked_for(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/livez", "/readyz"])
def test_health_is_answered_in_clear_where_all_else_is_sent_to_https(
    client: Client, settings: Settings, address: str
) -> None:
    ticked()
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/").status_code == 301
    assert client.get(address).status_code == 200
