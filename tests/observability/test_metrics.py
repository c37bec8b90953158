"""Metrics, after the events that they count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from arm.errors import ArmError
from identities.models import SignalRInstance, Subscription
from localazure import seed
from observability.counters import Counters, Series, counters
from observability.metric_storage import Publisher, publisher
from observability.models import MetricValue
from sync.azure_client import arm_client
from sync.models import Operation, StatusCount
from sync.operations.tasks import enqueue_due_operations
from tests.cloud import LocalAzure
from tests.observability.prometheus import metric, names, scraped
from tests.sync.worker import drive, imported, signed_lab
from tests.upstreams.project import hubs
from tests.upstreams.receiver.conftest import Service, plant_rows
from upstreams.receiver import Hub
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.configuration import Configuration
from upstreams.receiver.deliveries import storage
from upstreams.receiver.deliveries.recorder import Recorder, recorder
from upstreams.receiver.deliveries.records import Kind
from upstreams.receiver.testing import installed_hubs
from upstreams.sender import SendError

pytestmark = pytest.mark.django_db
INSTANCES = ".*/Microsoft.SignalRService/.*"


@pytest.fixture(autouse=True)
def _nothing_counted(settings: Settings) -> Iterator[None]:
    """Count from nothing, and write deliveries at once."""
    settings.RECEIVER = settings.RECEIVER | {"FLUSH_SECONDS": 0}
    counters.reset()
    publisher.reset()
    recorder.forget()
    policies.forget()
    yield
    policies.forget()


@pytest.fixture
def service(local_azure: LocalAzure) -> Iterator[Service]:
    """The seed's instance, as the service sends for it."""
    plant_rows()
    order = {"principal": seed.CHAT, "resource": seed.UPSTREAM_APP_URI}
    with installed_hubs(hubs.chat):
        yield Service(local_azure.post("/_local/tokens", order)["token"])


def requests(outcome: str, reason: str = "") -> float | None:
    return metric("receiver_requests_total", instance=seed.CHAT, outcome=outcome, reason=reason)


def test_counts_upstream_requests_by_outcome_and_reason(service: Service) -> None:
    for _ in range(3):
        service.post()
    service.post(authorization="Bearer a.b.c")
    assert requests("accepted") == 3
    assert requests("refused", "bad_base64url") == 1


def test_counts_request_for_unknown_instance_by_reason(service: Service) -> None:
    service.post(path="/upstream/unknown/")
    publisher.publish()
    assert metric("receiver_rejected_total", reason="unknown_instance") == 1


def test_counts_lost_deliveries() -> None:
    full = Recorder(lambda: Configuration(flush_seconds=3600))
    full.dropped = 7
    assert metric("receiver_deliveries_lost_total") == 0
    full.flush()
    publisher.publish()
    assert metric("receiver_deliveries_lost_total") == 7


def test_instances_with_the_most_requests_have_series(
    local_azure: LocalAzure, settings: Settings
) -> None:
    settings.METRICS = settings.METRICS | {"INSTANCES": 2}
    imported(seed.CHAT)
    subscription = Subscription.objects.get()
    names = [f"contoso-{number}" for number in range(5)]
    kind = Kind(0, 0, "chat", "messages", "echo", "accepted", "")
    counts = {}
    for number, name in enumerate(names):
        instance = SignalRInstance.objects.create(name=name, subscription=subscription)
        counts[kind._replace(instance=instance.pk)] = number + 1
        counts[kind._replace(instance=instance.pk, outcome="refused", reason="expired")] = 1
    storage.write(counts, [])
    found = scraped()
    series = {
        dict(labels)["instance"]: value
        for (name, labels), value in found.items()
        if name == "signalman_receiver_requests_total" and ("outcome", "accepted") in labels
    }
    assert series == {"contoso-3": 4, "contoso-4": 5}
    assert metric("receiver_deliveries_total", outcome="accepted", reason="") == 15
    assert metric("receiver_deliveries_total", outcome="refused", reason="expired") == 5
    # A deleted instance does not set the total back, and no instance needs series.
    SignalRInstance.objects.get(name="contoso-4").delete()
    settings.METRICS = settings.METRICS | {"INSTANCES": 0}
    assert metric("receiver_deliveries_total", outcome="accepted", reason="") == 15
    assert not [name for name, _ in scraped() if name == "signalman_receiver_requests_total"]


def test_totals_include_pruned_deliveries(service: Service) -> None:
    service.post()
    SignalRInstance.objects.get().delivery_counts.all().delete()
    service.post()
    assert requests("accepted") == 2


def test_times_validation_and_not_cached_results(
    service: Service,
) -> None:
    for _ in range(3):
        service.post()
    service.post(authorization="Bearer a.b.c")
    publisher.publish()
    for outcome in ("accepted", "refused"):
        assert metric("token_validation_seconds_count", outcome=outcome) == 1
        assert metric("token_validation_seconds_bucket", outcome=outcome, le="+Inf") == 1
        seconds = metric("token_validation_seconds_sum", outcome=outcome)
        assert seconds is not None
        assert 0 < seconds < 60


def test_shows_age_of_signing_keys(service: Service) -> None:
    publisher.publish()
    assert metric("signing_keys_age_seconds", tenant=seed.TENANT_ID) is None
    service.post()
    publisher.publish()
    age = metric("signing_keys_age_seconds", tenant=seed.TENANT_ID)
    assert age is not None
    assert 0 <= age < 60


def test_counts_throttled_call_to_azure(local_azure: LocalAzure) -> None:
    fault = {"method": "GET", "path": INSTANCES, "times": 1, "status": 429}
    local_azure.post("/_local/faults", [fault | {"headers": {"Retry-After": "0"}}])
    arm_client(seed.SUBSCRIPTION_ID).get_instance(seed.REALTIME_GROUP, seed.CHAT)
    publisher.publish()
    assert metric("azure_requests_total", api="arm", method="GET", status="429") == 1
    assert metric("azure_requests_total", api="arm", method="GET", status="200") == 1
    assert metric("azure_request_seconds_total", api="arm", method="GET")


def test_unanswered_call_has_no_status(local_azure: LocalAzure) -> None:
    fault = {"method": "GET", "path": INSTANCES, "times": 9, "drop": True}
    local_azure.post("/_local/faults", [fault])
    with pytest.raises(ArmError):
        arm_client(seed.SUBSCRIPTION_ID).get_instance(seed.REALTIME_GROUP, seed.CHAT)
    publisher.publish()
    # A read is repeated twice.
    assert metric("azure_requests_total", api="arm", method="GET", status="none") == 3


def test_counts_calls_to_service(local_azure: LocalAzure) -> None:
    # Nothing has a role there.
    with pytest.raises(SendError):
        Hub("chat").on(seed.CHAT).send_to_all("said")
    publisher.publish()
    assert metric("azure_requests_total", api="signalr", method="POST", status="403") == 1
    assert metric("azure_request_seconds_total", api="signalr", method="POST")


def test_counts_operations_by_state(local_azure: LocalAzure) -> None:
    assert metric("operations", kind="apply", state="queued") == 0
    operation = signed_lab()
    assert metric("operations", kind="apply", state="queued") == 1
    drive(operation)
    assert metric("operations", kind="apply", state="queued") == 0
    assert metric("operations", kind="apply", state="succeeded") == 1


def test_queue_is_due_operations_without_claim(local_azure: LocalAzure) -> None:
    assert metric("operations_due") == metric("operations_oldest_due_seconds") == 0
    operation = signed_lab()
    since = timezone.now() - timedelta(minutes=10)
    Operation.objects.filter(pk=operation.pk).update(due_at=since)
    assert metric("operations_due") == 1
    oldest = metric("operations_oldest_due_seconds")
    assert oldest is not None
    assert 600 <= oldest < 660
    held_until = timezone.now() + timedelta(minutes=1)
    Operation.objects.filter(pk=operation.pk).update(lease_until=held_until)
    assert metric("operations_due") == metric("operations_oldest_due_seconds") == 0


def test_counts_instances_by_sync_status(local_azure: LocalAzure) -> None:
    imported(seed.CHAT)
    for synced in (5, 2):
        StatusCount.objects.create(
            subscription=Subscription.objects.get(), synced=synced, missing=1
        )
    assert metric("instances", status="synced") == 2
    assert metric("instances", status="missing") == 1
    assert metric("instances", status="unknown") == 0
    assert metric("instances_provisioning", state="Succeeded") == 1


def test_shows_age_of_heartbeat() -> None:
    assert metric("worker_heartbeat_age_seconds") is None
    enqueue_due_operations.apply(throw=True)
    age = metric("worker_heartbeat_age_seconds")
    assert age is not None
    assert 0 <= age < 60


def test_exposes_every_metric_from_the_start() -> None:
    assert names() >= {
        "signalman_receiver_requests",
        "signalman_token_validation_seconds",
        "signalman_azure_requests",
        "signalman_signing_keys_age_seconds",
        "signalman_worker_heartbeat_age_seconds",
    }


def test_adds_counts_of_processes() -> None:
    ours, theirs = Counters(), Counters()
    for process, number in ((ours, 2), (theirs, 3)):
        process.add("azure_requests", "arm", "GET", "429", by=number)
        Publisher(process, dict).publish()
    assert metric("azure_requests_total", api="arm", method="GET", status="429") == 5


def test_keeps_latest_moment() -> None:
    kind = Series("tick")
    for at in (100.0, 300.0, 200.0):
        MetricValue.objects.set_latest({kind: at})
    assert MetricValue.objects.get(key=kind.key).value == 300


def test_keeps_counts_while_database_is_unavailable() -> None:
    waiting = Counters()
    waiting.add("azure_requests", "arm", "GET", "200", by=4)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE figures_figure RENAME TO gone")
        Publisher(waiting, dict).publish()
        cursor.execute("ALTER TABLE gone RENAME TO figures_figure")
    Publisher(waiting, dict).publish()
    assert metric("azure_requests_total", api="arm", method="GET", status="200") == 4


def test_number_of_labels_is_bounded() -> None:
    bounded = Counters(max_series=3)
    for number in range(10):
        bounded.add("azure_requests", str(number))
    bounded.add("azure_requests", "0")
    assert bounded.take() == {
        Series("azure_requests", ("0",)): 2,
        Series("azure_requests", ("1",)): 1,
        Series("azure_requests", ("2",)): 1,
    }


def test_number_of_queries_does_not_depend_on_fleet(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with CaptureQueriesContext(connection) as alone:
        scraped()
    subscription = Subscription.objects.create(
        subscription_id=seed.SUBSCRIPTION_ID, tenant_id=seed.TENANT_ID
    )
    for number in range(20):
        SignalRInstance.objects.create(name=f"contoso-{number}", subscription=subscription)
    with django_assert_max_num_queries(len(alone)):
        scraped()
