"""The dashboard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from diagnosis.attention import instances_needing_attention, refusals_since
from identities.models import SignalRInstance
from portal.templatetags.portal import moment
from sync.models import InstanceStatus, Operation, SyncStatus
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from upstreams.models import Outcome, RefusalHour
from upstreams.receiver.deliveries import storage
from upstreams.receiver.deliveries.records import Kind

NOW = datetime(2026, 5, 6, 12, 42, tzinfo=UTC)


def page(sign_in: SignIn) -> str:
    """Return the dashboard as a viewer sees it."""
    return sign_in(Role.VIEWER).get("/admin/").content.decode()


def kind_of(instance: SignalRInstance) -> Kind:
    """Return the kind of a refused delivery in the current minute."""
    minute = int(timezone.now().timestamp()) // 60
    return Kind(minute, instance.pk, "chat", "messages", "echo", "refused", "expired")


def set_status(instance: SignalRInstance, status: SyncStatus) -> None:
    """Store the status of the instance."""
    InstanceStatus.objects.create(instance=instance, status=status, since=timezone.now())


def test_empty_fleet_links_to_connect_page(sign_in: SignIn) -> None:
    assert "No instances yet" in page(sign_in)


def test_drift_needs_attention(sign_in: SignIn, instance: SignalRInstance) -> None:
    set_status(instance, SyncStatus.OUT_OF_SYNC)
    shown = page(sign_in)
    assert f"/admin/instances/{instance}/diagnosis/" in shown
    assert "The desired state differs from Azure" in shown


def test_shows_no_problems(sign_in: SignIn, instance: SignalRInstance) -> None:
    set_status(instance, SyncStatus.SYNCED)
    shown = page(sign_in)
    assert "No problems found" in shown
    assert f"no requests refused since {moment(refusals_since(timezone.now()))}" in shown


def test_shows_only_the_most_severe_problem(sign_in: SignIn, instance: SignalRInstance) -> None:
    set_status(instance, SyncStatus.OUT_OF_SYNC)
    SignalRInstance.objects.update(provisioning_state="Failed")
    shown = page(sign_in)
    assert "provisioning state in Azure is Failed" in shown
    assert "The desired state differs from Azure" not in shown


def add_instances(instance: SignalRInstance, number: int) -> list[SignalRInstance]:
    """Create instances in the subscription of `instance`."""
    return [
        SignalRInstance.objects.create(name=f"contoso-{each}", subscription=instance.subscription)
        for each in range(number)
    ]


def test_less_severe_problem_does_not_move_an_instance_down(instance: SignalRInstance) -> None:
    first, second = add_instances(instance, 2)
    add_refusals(first, "wrong_audience", 9)
    add_refusals(second, "wrong_audience", 1)
    set_status(first, SyncStatus.OUT_OF_SYNC)
    found = instances_needing_attention(NOW, 8)
    assert [(row.instance, row.status) for row in found] == [
        (first.name, "refused"),
        (second.name, "refused"),
    ]


def test_instance_with_many_reasons_does_not_hide_others(instance: SignalRInstance) -> None:
    first, second = add_instances(instance, 2)
    for count, reason in enumerate(("wrong_audience", "wrong_issuer", "wrong_tenant"), 2):
        add_refusals(first, reason, count)
    add_refusals(second, "wrong_audience", 1)
    found = instances_needing_attention(NOW, 2)
    assert [row.instance for row in found] == [first.name, second.name]
    assert found[0].message.startswith("4 requests refused.")


def test_instance_with_many_failures_does_not_hide_others(instance: SignalRInstance) -> None:
    first, second = add_instances(instance, 2)
    for minutes, row in enumerate((first, first, second), 1):
        add_operation(row, Operation.State.FAILED, minutes, error_message=f"Error {minutes}.")
    found = instances_needing_attention(NOW, 2)
    assert [(row.instance, row.message) for row in found] == [
        (first.name, "Apply failed. Error 1."),
        (second.name, "Apply failed. Error 3."),
    ]


def test_operation_that_succeeded_ends_the_failure(instance: SignalRInstance) -> None:
    add_operation(instance, Operation.State.FAILED, 2)
    add_operation(instance, Operation.State.SUCCEEDED, 1)
    assert not instances_needing_attention(NOW, 2)


def add_operation(
    instance: SignalRInstance, state: Operation.State, minutes: int, **values: str
) -> None:
    """Store an operation that ended this many minutes ago."""
    Operation.objects.create(
        instance=instance,
        state=state,
        plan={},
        plan_digest="0" * 64,
        requested_by_name="ada",
        created_at=NOW - timedelta(minutes=minutes + 1),
        finished_at=NOW - timedelta(minutes=minutes),
        **values,
    )


def add_refusals(instance: SignalRInstance, reason: str, *numbers: int) -> None:
    """Store numbers of refused requests: of the current hour, and of each hour before it."""
    RefusalHour.objects.bulk_create(
        RefusalHour(
            hour=NOW - timedelta(hours=ago, minutes=42),
            instance=instance,
            reason=reason,
            count=number,
        )
        for ago, number in enumerate(numbers)
    )


def test_counts_refusals_of_current_and_previous_hour(instance: SignalRInstance) -> None:
    add_refusals(instance, "wrong_audience", 4, 5, 6)
    (row,) = instances_needing_attention(NOW, 8)
    assert (row.instance, row.status, row.tab) == (instance.name, "refused", "traffic")
    assert row.message.startswith("9 requests refused. The token")
    # Everything since then is counted.
    assert row.since == NOW.replace(hour=11, minute=0)


def test_lists_most_frequent_refusals(instance: SignalRInstance) -> None:
    for number, row in enumerate(add_instances(instance, 3), start=1):
        add_refusals(row, "wrong_audience", number, number)
    # Caused by unauthenticated requests, which say nothing about the instance.
    add_refusals(instance, "authorization_missing", 99)
    add_refusals(instance, "body_malformed", 99)
    found = instances_needing_attention(NOW, 2)
    assert [row.instance for row in found] == ["contoso-2", "contoso-1"]


def test_shows_since_when_refusals_are_counted(sign_in: SignIn, instance: SignalRInstance) -> None:
    storage.write({kind_of(instance): 1}, [])
    shown = page(sign_in)
    assert "1 request refused. " in shown
    since = instances_needing_attention(timezone.now(), 1)[0].since
    assert f"Counted since {moment(since)}" in shown


def test_sums_deliveries_of_a_day_by_the_hour(sign_in: SignIn, instance: SignalRInstance) -> None:
    kind = kind_of(instance)
    storage.write({kind: 3, kind._replace(minute=kind.minute - 5 * 60): 4}, [])
    viewer = sign_in(Role.VIEWER)
    with CaptureQueriesContext(connection) as queries:
        seen = viewer.get("/admin/").context["seen"]
    assert seen.total(Outcome.REFUSED) == 7
    assert seen.series[Outcome.REFUSED][-1] == 3
    assert seen.series[Outcome.REFUSED][-6] == 4
    assert [(code, number) for _, code, number in seen.reasons] == [("expired", 7)]
    assert not [query for query in queries if "upstreams_deliverycount" in query["sql"]]


def test_shows_progress_of_running_operation(sign_in: SignIn, instance: SignalRInstance) -> None:
    operation = Operation.objects.create(
        instance=instance,
        plan={},
        plan_digest="0" * 64,
        waiting_for="a worker",
        due_at=timezone.now(),
        requested_by_name="ada",
    )
    viewer = sign_in(Role.VIEWER)
    assert viewer.get("/admin/running/").status_code == 302
    part = viewer.get("/admin/running/", headers={"HX-Request": "true"}).content.decode()
    assert f"/admin/operations/{operation.pk}/" in part
    assert "waiting for a worker" in part


def test_query_count_is_independent_of_fleet_size(
    sign_in: SignIn, instance: SignalRInstance
) -> None:
    set_status(instance, SyncStatus.OUT_OF_SYNC)
    client = sign_in(Role.VIEWER)
    client.get("/admin/")
    with CaptureQueriesContext(connection) as few:
        client.get("/admin/")
    rows = SignalRInstance.objects.bulk_create(
        SignalRInstance(
            name=f"contoso-{number}", subscription=instance.subscription, resource_group="rg"
        )
        for number in range(200)
    )
    InstanceStatus.objects.bulk_create(
        InstanceStatus(instance=row, status=SyncStatus.MISSING, since=timezone.now())
        for row in rows
    )
    with CaptureQueriesContext(connection) as many:
        client.get("/admin/")
    assert len(many) == len(few)


def test_only_operators_check_the_connection(sign_in: SignIn, local_azure: LocalAzure) -> None:
    local_azure.delete("/_local/requests")
    operator = sign_in(Role.OPERATOR)
    operator.get("/admin/connect/")
    assert sign_in(Role.VIEWER).post("/admin/connect/").status_code == 403
    assert local_azure.requests() == []
    answer = operator.post("/admin/connect/").content.decode()
    assert "The credential is valid" in answer
    assert "Not allowed" not in answer
