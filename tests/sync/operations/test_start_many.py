"""Starting operations on many instances at once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actor import Actor
from identities.models import SignalRInstance
from localazure import seed
from sync.models import AuditEvent, Operation
from sync.operations.plans.fleet import StartedApplies, start_applies
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.sync.worker import SIGNED, drive, imported, set_desired, start

pytestmark = pytest.mark.django_db

NAMES = (seed.CHAT, seed.PAYMENTS, seed.LAB)


@pytest.fixture
def fleet(local_azure: LocalAzure) -> list[SignalRInstance]:
    local_azure.post("/_local/operations", {"seconds": 0})
    return [set_desired(imported(name), "SystemAssigned", SIGNED) for name in NAMES]


def start_all(instances: list[SignalRInstance]) -> StartedApplies:
    shown = [(each, plan_instance(each).digest) for each in instances]
    return start_applies(shown, actor=Actor("ada"), confirm_destructive=True)


def queries_of(instances: list[SignalRInstance]) -> int:
    shown = [(each, plan_instance(each).digest) for each in instances]
    with CaptureQueriesContext(connection) as queries:
        started = start_applies(shown, actor=Actor("ada"), confirm_destructive=True)
    assert len(started.operations) == len(instances)
    return len(queries)


def test_number_of_queries_does_not_grow_with_the_instances(fleet: list[SignalRInstance]) -> None:
    one = queries_of(fleet[:1])
    assert queries_of(fleet[1:]) == one


def test_every_operation_has_its_steps_and_its_event(fleet: list[SignalRInstance]) -> None:
    started = start_all(fleet)
    assert [each.instance for each in started.operations] == fleet
    for operation in started.operations:
        event = AuditEvent.objects.get(operation_id=operation.pk)
        assert (event.action, event.who) == ("start apply", "ada")
        assert operation.steps.count() == len(operation.read_plan().steps)
        operation.refresh_from_db()
        assert drive(operation).state == "succeeded", operation.error_message


def test_running_operation_stops_only_its_own_instance(fleet: list[SignalRInstance]) -> None:
    running = start(fleet[1])
    started = start_all(fleet)
    assert [each.instance for each in started.operations] == [fleet[0], fleet[2]]
    (refusal,) = started.refusals
    assert refusal.instance == fleet[1]
    assert str(running.pk) in str(refusal.error)


def test_instance_that_is_given_twice_is_started_once(fleet: list[SignalRInstance]) -> None:
    started = start_all([fleet[0], fleet[1], fleet[0]])
    assert [each.instance for each in started.operations] == fleet[:2]
    assert [each.instance for each in started.refusals] == fleet[:1]
    assert Operation.objects.count() == 2
