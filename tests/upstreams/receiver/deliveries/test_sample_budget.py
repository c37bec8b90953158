"""The sample of deliveries that are stored as rows is bounded, however much is sent."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import pytest

from upstreams.receiver.configuration import Configuration
from upstreams.receiver.deliveries.records import Kind
from upstreams.receiver.deliveries.sample_budget import SampleBudget

REASONS = [f"reason_{number}" for number in range(20)]


def budget(**limits: Any) -> SampleBudget:
    configuration = Configuration(**limits)
    return SampleBudget(lambda: configuration)


def delivery(instance: int = 1, reason: str = "") -> Kind:
    return Kind(0, instance, "", "", "", "refused" if reason else "accepted", reason)


def taken(chosen: SampleBudget, deliveries: list[Kind], minute: int = 0) -> Counter[Any]:
    """Offer the deliveries in turn; return how many were taken, by instance and outcome."""
    return Counter(
        (each.instance, each.outcome)
        for each in deliveries
        if chosen.take(each._replace(minute=minute))
    )


def test_bounds_rows_of_noisy_instance() -> None:
    noisy = [delivery(1, reason) for _, reason in product(range(100), REASONS)]
    found = taken(budget(samples_a_minute=60, instance_samples_a_minute=120), noisy)
    assert found == {(1, "refused"): 60}


def test_refusals_leave_room_for_accepted() -> None:
    mixed = [delivery(1, reason) for _, reason in product(range(100), [*REASONS, ""])]
    found = taken(budget(samples_a_minute=60, instance_samples_a_minute=100), mixed)
    assert found == {(1, "refused"): 50, (1, "accepted"): 50}


def test_bounds_rows_of_process() -> None:
    fleet = [delivery(number, reason) for number in range(1_000) for reason in ("", "expired")]
    found = taken(budget(process_samples_a_minute=200), fleet)
    assert Counter(outcome for _, outcome in found) == {"accepted": 100, "refused": 100}


def test_limits_are_those_of_each_minute() -> None:
    chosen = budget(samples_a_minute=5)
    for minute in (1, 2):
        assert taken(chosen, [delivery()] * 9, minute).total() == 5


@pytest.mark.parametrize(
    "limit", ["samples_a_minute", "instance_samples_a_minute", "process_samples_a_minute"]
)
def test_limit_of_zero_stores_nothing(limit: str) -> None:
    assert not taken(budget(**{limit: 0}), [delivery(), delivery(2, "expired")])
