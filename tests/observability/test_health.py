"""Health endpoints: liveness, readiness and its checks."""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import redis
from django.core.cache import cache
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings

from config.environment_variables import parsers
from identities.models import ManagedIdentity, SignalRInstance, Subscription
from localazure import seed
from observability import health
from observability.counters import Series
from observability.models import MetricValue
from sync.metrics import HEARTBEAT
from sync.operations.tasks import enqueue_due_operations
from tests.cloud import LocalAzure
from tests.redis_server import redis_server
from tests.upstreams.receiver.conftest import plant_rows
from tests.waits import wait_until
from upstreams.receiver.authentication.policy_cache import policies
from validation import configuration
from validation.keys.discovery import Discovery
from validation.keys.key_ring import Timing
from validation.keys.key_set import NO_KEYS
from validation.policy import TokenPolicy
from validation.shared_keys import SharedKeys

OK = {"status": "ok"}
NAMES = {"database", "migrations", "cache", "worker", "policies", "signing_keys", "retention"}


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine answer for the cache."""
    monkeypatch.setattr(health, "_CACHE_WAIT_SECONDS", 60)


@pytest.fixture(autouse=True)
def _nothing_held() -> Iterator[None]:
    """Hold no signing keys and no policies, as a process that has just begun."""
    configuration.forget()
    policies.forget()
    yield
    configuration.forget()
    policies.forget()


def heartbeat(seconds_ago: float = 0) -> None:
    MetricValue.objects.set_latest({Series(HEARTBEAT): time.time() - seconds_ago})


def answer(rest: str = "") -> tuple[int, dict[str, Any]]:
    found = Client().get(f"/readyz{rest}")
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


def test_is_alive_without_database(client: Client) -> None:
    found = client.get("/livez")
    assert found.status_code == 200
    assert "no-store" in found["Cache-Control"]


@pytest.mark.django_db
def test_is_ready_where_all_checks_pass() -> None:
    heartbeat()
    assert answer() == (200, {"status": "ready", "checks": dict.fromkeys(NAMES, OK)})


@pytest.mark.django_db
def test_names_unapplied_migrations() -> None:
    heartbeat()
    applied = MigrationRecorder.Migration.objects.filter(app="accounts")
    applied.filter(name=applied.latest("name").name).delete()
    assert failed() == {"migrations": "Migrations not applied: 1. Run manage.py migrate."}


@pytest.mark.django_db
def test_cache_that_stores_nothing_fails(settings: Settings) -> None:
    heartbeat()
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    status, document = answer()
    assert status == 200
    assert document["checks"]["cache"]["status"] == "degraded"


@pytest.mark.django_db
def test_logs_error_of_unreachable_cache(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    health.log.forget()
    settings.CACHES = {"default": parsers.cache("redis://127.0.0.1:1/0")}
    assert answer()[1]["checks"]["cache"]["status"] == "degraded"
    assert "The cache failed its readiness check: ConnectionError." in caplog.text


@pytest.mark.django_db
def test_worker_fails_until_first_heartbeat() -> None:
    assert failed() == {"worker": "No worker has sent a heartbeat yet: start one with --beat."}
    enqueue_due_operations.apply(throw=True)
    assert answer()[0] == 200


@pytest.mark.django_db
def test_worker_fails_after_limit(settings: Settings) -> None:
    heartbeat(seconds_ago=300)
    settings.SIGNALMAN_HEARTBEAT_LIMIT_SECONDS = 600.0
    assert answer()[0] == 200
    settings.SIGNALMAN_HEARTBEAT_LIMIT_SECONDS = 60.0
    message = r"The last heartbeat of a worker was 3\d\d seconds ago; the limit is 60\."
    assert re.fullmatch(message, failed()["worker"])


@pytest.mark.django_db
def test_checks_can_be_excluded() -> None:
    status, document = answer("?exclude=worker&exclude=cache")
    assert status == 200
    assert document["checks"].keys() == NAMES - {"worker", "cache"}


@pytest.mark.django_db
def test_readiness_reads_keys(local_azure: LocalAzure) -> None:
    plant_rows()
    heartbeat()
    assert failed() == {"signing_keys": "The signing keys of 1 of 1 tenants were not read yet."}
    wait_for_keys()
    assert answer()[0] == 200


@pytest.mark.django_db
def test_unreadable_keys_fail(local_azure: LocalAzure) -> None:
    plant_rows()
    heartbeat()
    local_azure.post("/_local/faults", [{"path": ".*keys.*", "times": 9, "status": 500}])
    assert list(failed()) == ["signing_keys"]
    wait_for_keys()
    assert list(failed()) == ["signing_keys"]


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [0.52, 23, 6 * 24])
def test_becomes_ready_after_start_without_entra(local_azure: LocalAzure, hours: float) -> None:
    plant_rows()
    heartbeat()
    share_keys(read_hours_ago=hours)
    local_azure.post("/_local/faults", [{"path": ".*", "times": None, "drop": True}])
    assert list(failed()) == ["signing_keys"]
    wait_for_keys()
    assert answer()[0] == 200


@pytest.mark.django_db
def test_receiver_is_ready_without_worker_and_cache(settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    status, document = answer("/receiver")
    assert status == 200
    assert document["checks"] == {"policies": OK, "signing_keys": OK}


@pytest.mark.django_db
def test_receiver_without_policies_is_not_ready() -> None:
    with patch.object(connection, "cursor", side_effect=OperationalError("host db.internal")):
        status, document = answer("/receiver")
    assert status == 503
    assert document["checks"]["policies"] == {
        "status": "failed",
        "detail": "The instances cannot be read from the database.",
    }


@pytest.mark.django_db
def test_receiver_that_holds_policies_is_ready_without_database() -> None:
    assert answer("/receiver")[0] == 200
    with patch.object(connection, "cursor", side_effect=OperationalError("host db.internal")):
        assert answer("/receiver")[0] == 200
        assert answer("/portal")[0] == 503


@pytest.mark.django_db
def test_receiver_is_ready_where_keys_of_one_tenant_cannot_be_read(
    local_azure: LocalAzure,
) -> None:
    plant_rows()
    deleted = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    other = SignalRInstance.objects.create(
        name="contoso-other", subscription=deleted, resource_group="other"
    )
    other.identity.become(ManagedIdentity.Type.SYSTEM_ASSIGNED)
    ManagedIdentity.objects.filter(instance=other).update(principal_id=uuid.uuid4())
    policies.forget()
    assert answer("/receiver")[0] == 503
    wait_for_keys()
    status, document = answer("/receiver")
    assert status == 200
    assert document["checks"]["signing_keys"] == {
        "status": "degraded",
        "detail": "The signing keys of 1 of 2 tenants were not read yet.",
    }


@pytest.mark.django_db
def test_portal_is_ready_without_worker_and_signing_keys() -> None:
    plant_rows()
    status, document = answer("/portal")
    assert status == 200
    assert document["checks"].keys() == {"database", "migrations", "cache"}


@pytest.mark.django_db
def test_worker_role_checks_heartbeat() -> None:
    assert answer("/worker")[0] == 503
    heartbeat()
    status, document = answer("/worker")
    assert status == 200
    assert document["checks"].keys() == {"database", "migrations", "cache", "worker", "retention"}


@pytest.mark.django_db
def test_check_of_a_role_can_be_left_out() -> None:
    status, document = answer("/worker?exclude=worker")
    assert status == 200
    assert "worker" not in document["checks"]


def test_unknown_role_is_not_found(client: Client) -> None:
    assert client.get("/readyz/beat").status_code == 404


@pytest.mark.django_db
def test_hanging_cache_delays_no_probe(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat()
    with redis_server(tmp_path) as address:
        settings.CACHES = {"default": parsers.cache(f"{address}/0")}
        assert answer()[1]["checks"]["cache"] == OK
        monkeypatch.setattr(health, "_CACHE_WAIT_SECONDS", 0.1)
        with closing(redis.Redis.from_url(address)) as administrator:
            # Milliseconds: longer than the three answers take.
            administrator.client_pause(30_000, all=True)
        details = [answer()[1]["checks"]["cache"] for _ in range(3)]
    assert {found["status"] for found in details} == {"degraded"}
    assert "still does not respond" in details[-1]["detail"]
    wait_until(
        lambda: "still" not in answer()[1]["checks"]["cache"].get("detail", ""),
        "The thread does not notice that the server has gone.",
    )


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


@pytest.mark.parametrize("address", ["/livez", "/readyz", "/readyz/receiver"])
def test_refuses_methods_other_than_get(client: Client, address: str) -> None:
    assert client.post(address).status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/livez", "/readyz", "/readyz/portal"])
def test_health_is_served_over_http(client: Client, settings: Settings, address: str) -> None:
    heartbeat()
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/").status_code == 301
    assert client.get(address).status_code == 200
