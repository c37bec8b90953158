"""The oldest schema with rows migrates to the newest, while a worker and a web server run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.config.web import serving
from tests.deploy.test_processes import wait_until_ready
from tests.postgres_server import postgres_server
from tests.sync.portal import Portal

pytestmark = pytest.mark.slow

# The first migration of each app, and what that needs of others.
OLDEST = {
    "accounts": "0001_initial",
    "api": "zero",
    "figures": "0001_figures",
    "identities": "0002_missing_since",
    "sync": "0001_operations",
    "upstreams": "0001_initial",
}
# Rows of every model of that schema, for the seed's instances.
ROWS = f"""
from datetime import timedelta
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

call_command("migrate", verbosity=0)
# Back again: this tries that every migration can be reversed, too.
for app, migration in {OLDEST!r}.items():
    call_command("migrate", app, migration, verbosity=0)

loader = MigrationExecutor(connection).loader
apps = loader.project_state(list(loader.applied_migrations)).apps
def model(label): return apps.get_model(label).objects
now = timezone.now()

user = model("auth.User").create(username="ada", password="!", is_active=True)
model("accounts.PersonalAccessToken").create(
    user=user, name="ci", digest="0" * 64, scope="read", expires_at=now + timedelta(days=9))
subscription = model("identities.Subscription").create(
    subscription_id={seed.SUBSCRIPTION_ID!r}, tenant_id={seed.TENANT_ID!r})
groups = {{{seed.CHAT!r}: {seed.REALTIME_GROUP!r}, {seed.LAB!r}: {seed.PAYMENTS_GROUP!r}}}
for name, group in groups.items():
    instance = model("identities.SignalRInstance").create(
        name=name, subscription=subscription, resource_group=group)
    model("identities.ManagedIdentity").create(instance=instance, type="None")
    model("upstreams.UpstreamTemplate").create(
        instance=instance, url_template="https://app.example.com/upstream/", auth_type="None")
    model("upstreams.Delivery").create(
        instance=instance, received_at=now, outcome="accepted", status=200, duration_ms=1)
    model("upstreams.DeliveryCount").create(
        instance=instance, minute=now, outcome="accepted", count=7)
    model("sync.AuditEvent").create(who="ada", action="import", object=name)
    operation = model("sync.Operation").create(
        instance=instance, plan={{}}, plan_digest="0" * 64, state="queued", waiting_for="a worker",
        due_at=now, requested_by=user, requested_by_name="ada")
    model("sync.OperationStep").create(
        operation=operation, position=0, kind="identity", title="Set the identity", changes=[])
model("figures.Figure").create(name="signalman_azure_requests", labels=["a"], key="a", value=5)
"""
ROW_COUNTS = {
    "accounts_personalaccesstoken": 1,
    "identities_subscription": 1,
    "identities_signalrinstance": 2,
    "identities_managedidentity": 2,
    "upstreams_upstreamtemplate": 2,
    "upstreams_delivery": 2,
    "sync_operation": 2,
    "sync_operationstep": 2,
}


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Iterator[Portal]:
    """A portal whose database has the oldest schema, and rows."""
    with postgres_server() as server:
        portal = Portal(tmp_path)
        portal.environment["SIGNALMAN_DATABASE_URL"] = server.get_uri()
        assert_done(portal, "shell", "--no-imports", "-c", ROWS)
        yield portal


def assert_done(portal: Portal, *arguments: str) -> str:
    outcome = portal.manage(*arguments)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def query(portal: Portal, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(portal.environment["SIGNALMAN_DATABASE_URL"]) as connection:
        return list(connection.execute(statement))


def test_oldest_schema_migrates_while_processes_run(portal: Portal, tmp_path: Path) -> None:
    with portal.worker(), serving(portal.environment) as url:
        port = int(url.rpartition(":")[2])
        before = requests.get(f"{url}/readyz/portal", timeout=60)
        assert before.status_code == 503
        assert before.json()["checks"]["migrations"]["status"] == "failed"
        assert_done(portal, "migrate")
        # No process was started again.
        for role in ("portal", "receiver", "worker"):
            wait_until_ready(port, role)
        operations = portal.wait_until_ended()
        counts = {
            table: query(portal, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
            for table in ROW_COUNTS
        }
        assert counts == ROW_COUNTS
        assert {operation["state"] for operation in operations} <= {"failed", "cancelled"}
        assert query(portal, "SELECT value FROM figures_figure WHERE key = 'a'") == [(5.0,)]
        assert {row[0] for row in query(portal, "SELECT who FROM sync_auditevent")} >= {"ada"}
        # The worker that began on the oldest schema applies on the newest.
        assert_done(portal, "import_instances", "--subscription", seed.SUBSCRIPTION_ID)
        assert_done(portal, "set_policy", seed.LAB, "manage")
        portal.manage("set_identity", seed.LAB, "--system-assigned")
        assert portal.manage("apply", seed.LAB, "--yes", "--no-wait").returncode == 2
        newest = portal.wait_until_ended()[0]
    assert (newest["state"], newest["error"]) == ("succeeded", None)
