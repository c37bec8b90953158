"""The Traffic tab."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from accounts.roles import Role
from diagnosis.reason_codes import explain
from identities.models import SignalRInstance
from tests.portal.conftest import SignIn
from upstreams.models import DeliveryCount, Outcome
from upstreams.traffic_series import PERIODS, traffic
from validation.errors import Reason

NOW = datetime(2026, 3, 4, 12, 30, 15, tzinfo=UTC)


def count(
    instance: SignalRInstance, ago: timedelta, number: int, reason: str = "", hub: str = "chat"
) -> None:
    """Store a count of deliveries of one minute."""
    DeliveryCount.objects.create(
        instance=instance,
        minute=(NOW - ago).replace(second=0),
        hub=hub,
        category="messages",
        event="echo",
        outcome=Outcome.REFUSED if reason else Outcome.ACCEPTED,
        reason=reason,
        count=number,
    )


def test_counts_an_hour_by_minute(instance: SignalRInstance) -> None:
    count(instance, timedelta(0), 3)
    count(instance, timedelta(minutes=59), 4)
    count(instance, timedelta(minutes=60), 100)
    seen = traffic(instance.delivery_counts.all(), PERIODS["hour"], NOW)
    accepted = seen.series[Outcome.ACCEPTED]
    assert (len(accepted), accepted[0], accepted[-1], seen.total(Outcome.ACCEPTED)) == (60, 4, 3, 7)


def test_counts_a_day_by_hour(instance: SignalRInstance) -> None:
    count(instance, timedelta(minutes=1), 3)
    count(instance, timedelta(minutes=20), 4)
    count(instance, timedelta(hours=23), 5)
    seen = traffic(instance.delivery_counts.all(), PERIODS["day"], NOW)
    accepted = seen.series[Outcome.ACCEPTED]
    assert (len(accepted), accepted[0], accepted[-1]) == (24, 5, 7)


def test_sorts_reasons_by_frequency(instance: SignalRInstance) -> None:
    count(instance, timedelta(minutes=1), 2, "expired")
    count(instance, timedelta(minutes=2), 5, "wrong_audience")
    count(instance, timedelta(minutes=3), 4, "expired")
    seen = traffic(instance.delivery_counts.all(), PERIODS["hour"], NOW)
    assert [(code, number) for _, code, number in seen.reasons] == [
        ("expired", 6),
        ("wrong_audience", 5),
    ]


def test_counts_by_handler(instance: SignalRInstance) -> None:
    count(instance, timedelta(minutes=1), 2)
    count(instance, timedelta(minutes=1), 3, "expired", hub="")
    (unhandled, chat) = traffic(instance.delivery_counts.all(), PERIODS["hour"], NOW).handlers
    assert (unhandled.hub, unhandled.refused, chat.hub, chat.accepted) == ("", 3, "chat", 2)


def test_every_token_reason_is_explained() -> None:
    assert all(explain(reason.value).meaning for reason in Reason)


def test_wrong_audience_suggests_the_plan() -> None:
    assert "Apply the plan" in explain("wrong_audience").fix


def test_page_explains_refusals(sign_in: SignIn, instance: SignalRInstance) -> None:
    DeliveryCount.objects.create(
        instance=instance,
        minute=timezone.now().replace(second=0, microsecond=0),
        outcome=Outcome.REFUSED,
        reason="wrong_principal",
        count=7,
    )
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/traffic/").content.decode()
    assert "wrong_principal" in page
    assert explain("wrong_principal").fix in page


def test_fragment_has_no_layout(sign_in: SignIn, instance: SignalRInstance) -> None:
    client = sign_in(Role.VIEWER)
    part = client.get(f"/admin/instances/{instance}/traffic/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "Latest deliveries" in part.content.decode()
