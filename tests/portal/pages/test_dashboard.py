"""The dashboard."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from identities.models import SignalRInstance
from sync.models import InstanceStatus, Operation, SyncStatus
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from upstreams.models import DeliveryCount, Outcome
from upstreams.receiver.deliveries import storage
from upstreams.receiver.deliveries.storage import Kind


def page(sign_in: SignIn) -> str:
    """Return the dashboard as a viewer sees it."""
    return sign_in(Role.VIEWER).get("/admin/").content.decode()


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
    assert "No problems found" in page(sign_in)


def test_shows_only_the_most_severe_problem(sign_in: SignIn, instance: SignalRInstance) -> None:
    set_status(instance, SyncStatus.OUT_OF_SYNC)
    SignalRInstance.objects.update(provisioning_state="Failed")
    shown = page(sign_in)
    assert "provisioning state in Azure is Failed" in shown
    assert "The desired state differs from Azure" not in shown


def test_explains_refusals_of_the_last_hour(sign_in: SignIn, instance: SignalRInstance) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    for reason, ago in (("wrong_audience", 5), ("expired", 120)):
        DeliveryCount.objects.create(
            instance=instance,
            minute=now - timedelta(minutes=ago),
            outcome=Outcome.REFUSED,
            reason=reason,
            count=9,
        )
    assert page(sign_in).count("9 requests refused in the last hour") == 1


def test_sums_deliveries_of_a_day_by_the_hour(sign_in: SignIn, instance: SignalRInstance) -> None:
    minute = int(timezone.now().timestamp()) // 60
    kind = Kind(minute, instance.pk, "chat", "messages", "echo", "refused", "expired")
    storage.write({kind: 3, kind._replace(minute=minute - 5 * 60): 4}, [])
    viewer = sign_in(Role.VIEWER)
    with CaptureQueriesContext(connection) as queries:
        seen = viewer.get("/admin/").context["seen"]
    assert seen.total(Outcome.REFUSED) == 7
    assert seen.series[Outcome.REFUSED][-1] == 3
    assert seen.series[Outcome.REFUSED][-6] == 4
    assert [(code, number) for _, code, number in seen.reasons] == [("expired", 7)]
    # The sums by the minute are those of the last hour only.
    sums = [query["sql"] for query in queries if "upstreams_deliverycount" in query["sql"]]
    assert len(sums) == 1


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
