"""The ARM budget: no more writes than ARM's token bucket allows, and no needless delay."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from localazure import seed
from sync.models import RequestBudget
from sync.operations.arm_budget import Budget, book_reads, book_write, shares, turn
from tests.cloud import LocalAzure
from tests.sync.worker import SIGNED, drive, imported, patches, set_desired, stage, start

budgets = st.builds(Budget, size=st.integers(1, 20), per_second=st.floats(0.1, 50))
# Seconds between two requested writes.
gaps = st.lists(st.floats(0, 30), min_size=1, max_size=60)
NEARLY = 1e-6


def send_times(arrivals: list[float], budget: Budget) -> list[float]:
    """Return when each write may be sent that is requested at one of those times."""
    booked, found = 0.0, []
    for now in arrivals:
        at, booked = turn(booked, now, budget)
        found.append(at)
    return found


@given(budgets, gaps)
def test_budget_is_never_exceeded(budget: Budget, gaps: list[float]) -> None:
    level, before = float(budget.size), 0.0
    for at in send_times(list(accumulate(gaps)), budget):
        level = min(budget.size, level + (at - before) * budget.per_second) - 1
        before = at
        assert level >= -NEARLY


@given(budgets, gaps)
def test_no_write_waits_longer_than_the_budget_requires(budget: Budget, gaps: list[float]) -> None:
    arrivals = list(accumulate(gaps))
    level, before = float(budget.size), 0.0
    for now, at in zip(arrivals, send_times(arrivals, budget), strict=True):
        free = max(now, before)
        level = min(budget.size, level + (free - before) * budget.per_second)
        assert at <= free + max(1 - level, 0) / budget.per_second + NEARLY
        level = min(budget.size, level + (at - free) * budget.per_second) - 1
        before = at


@given(budgets, st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_simultaneous_requests_wait_like_consecutive_ones(
    budget: Budget, numbers: list[int]
) -> None:
    together, apart, last = 0.0, 0.0, 0.0
    for number in numbers:
        at, together = turn(together, 0, budget, number)
        for _ in range(number):
            last, apart = turn(apart, 0, budget)
        assert at == pytest.approx(last)


@given(budgets, gaps)
def test_requests_are_served_in_order(budget: Budget, gaps: list[float]) -> None:
    found = send_times(list(accumulate(gaps)), budget)
    assert found == sorted(found)


@given(budgets, budgets)
def test_writes_and_other_reads_together_keep_to_the_budget_of_reads(
    writes: Budget, reads: Budget
) -> None:
    allowed, others = shares(writes, reads)
    assert allowed.per_second + others.per_second <= reads.per_second + NEARLY
    assert allowed.per_second <= writes.per_second
    # At least one of each, or nothing could ever be sent.
    assert allowed.size + others.size <= max(reads.size, 1) + 1
    assert others.per_second > 0


def test_polls_get_the_reads_that_writes_leave() -> None:
    allowed, others = shares(Budget(200, 10), Budget(250, 25))
    assert (allowed, others) == (Budget(200, 10), Budget(50, 15))


@pytest.mark.django_db
def test_polls_delay_no_write() -> None:
    now, subscription = timezone.now(), UUID(int=1)
    for _ in range(1_000):
        book_reads(subscription, now, 1)
    assert book_write(subscription, now) == now


@pytest.mark.django_db
def test_reservation_that_is_far_ahead_is_dropped() -> None:
    now, subscription = timezone.now(), UUID(int=1)
    book_write(subscription, now + timedelta(days=1))
    assert book_write(subscription, now) == now
    assert RequestBudget.objects.count() == 1


@pytest.mark.django_db
def test_fleet_applied_at_once_waits_for_the_budget(
    local_azure: LocalAzure, settings: Settings
) -> None:
    settings.SIGNALMAN_WRITE_BURST, settings.SIGNALMAN_WRITES_PER_SECOND = 1, 0.1
    names = (seed.CHAT, seed.PAYMENTS, seed.LAB)
    fleet = [start(set_desired(imported(name), "SystemAssigned", SIGNED)) for name in names]
    now = timezone.now()
    for operation in fleet:
        stage(operation, now)
    assert len(patches(local_azure)) == 1
    second, third = fleet[1:]
    assert second.waiting_for == third.waiting_for == "Azure's rate limit for writes"
    assert second.due_at is not None
    assert third.due_at is not None
    assert 9 < (third.due_at - second.due_at).total_seconds() < 11
    assert [drive(operation).state for operation in fleet] == ["succeeded"] * 3


@pytest.mark.django_db
def test_reads_wait_for_the_budget_too(local_azure: LocalAzure, settings: Settings) -> None:
    # A fifth of the reads is left for polls: one at once, and one every ten seconds.
    settings.SIGNALMAN_READ_BURST, settings.SIGNALMAN_READS_PER_SECOND = 2, 0.5
    # Azure names no Retry-After; polls must come before the budget has refilled.
    settings.SIGNALMAN_POLL_SECONDS = 0.1
    operation = start(set_desired(imported(seed.LAB), "SystemAssigned"))
    local_azure.delete("/_local/requests")
    now = timezone.now()
    for _ in range(3):
        stage(operation, now)
    assert operation.waiting_for == "Azure's rate limit for reads"
    assert operation.due_at is not None
    assert 9 < (operation.due_at - now).total_seconds() < 11
    assert len(local_azure.requests("GET")) == 2
    assert drive(operation).state == "succeeded"
