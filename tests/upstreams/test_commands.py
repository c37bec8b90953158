"""manage.py deliveries."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from identities.models import SignalRInstance
from upstreams.models import DeliveryCount


def deliveries(*arguments: str) -> str:
    output = StringIO()
    call_command("deliveries", *arguments, stdout=output)
    return output.getvalue()


def count(instance: SignalRInstance, number: int, reason: str = "", hours: int = 0) -> None:
    DeliveryCount.objects.create(
        instance=instance,
        minute=timezone.now() - timedelta(hours=hours),
        outcome="refused" if reason else "accepted",
        reason=reason,
        count=number,
    )


def test_sums_counts_by_instance_and_reason(instance: SignalRInstance) -> None:
    count(instance, 2)
    count(instance, 3, hours=5)
    count(instance, 1, "expired")
    count(instance, 9, hours=30)
    name = instance.name
    assert json.loads(deliveries("--json")) == [
        {"instance": name, "outcome": "accepted", "reason": "", "count": 5},
        {"instance": name, "outcome": "refused", "reason": "expired", "count": 1},
    ]


def test_accepts_a_period(instance: SignalRInstance) -> None:
    count(instance, 9, hours=30)
    assert deliveries() == ""
    assert deliveries("--hours", "31").split() == ["9", instance.name, "accepted"]


@pytest.mark.parametrize("hours", ["nan", "inf", "-1", "0", "1e9", "a day"])
def test_refuses_invalid_period(hours: str) -> None:
    with pytest.raises(CommandError, match="--hours"):
        deliveries(f"--hours={hours}")
