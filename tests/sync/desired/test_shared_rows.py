from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arm.instance_state import InstanceState, TemplateState
from identities.models import SignalRInstance, Subscription
from sync.desired.shared_rows import with_shared_rows
from sync.desired.state import declared_state, desired_state, observed_state
from sync.inventory.drift import compare_fleet
from sync.management.base import ExitCode
from sync.operations.plans.instance import plan_instance
from tests.portal.large_fleet import create_fleet
from tests.sync.commands import run

pytestmark = pytest.mark.django_db

SUBSCRIPTION_ID = "bbbbbbbb-0000-4000-8000-000000000001"


def _fleet(size: int, *, service_mode: str = "Serverless") -> None:
    """Create that many instances: the first has no template, the second one, and so on."""
    subscription, _ = Subscription.objects.get_or_create(
        subscription_id=SUBSCRIPTION_ID, tenant_id=SUBSCRIPTION_ID
    )
    for number in range(size):
        instance = SignalRInstance.objects.create(
            name=f"contoso-{SignalRInstance.objects.count()}",
            subscription=subscription,
            resource_group="rg",
            service_mode=service_mode,
            observed=InstanceState().to_json(),
        )
        # The last position first, so that the order of the rows is not that of the list.
        for position in reversed(range(number)):
            instance.upstream_templates.create(
                position=position, url_template=f"https://{number}-{position}.example"
            )


def _shared() -> list[SignalRInstance]:
    return list(SignalRInstance.objects.with_identity())


def test_every_instance_has_its_own_templates() -> None:
    _fleet(4)
    for instance, rows in with_shared_rows(_shared()):
        alone = SignalRInstance.objects.get(pk=instance.pk)
        assert declared_state(instance, rows) == declared_state(alone)
        assert desired_state(instance, rows) == desired_state(alone)
        assert observed_state(instance, rows) == observed_state(alone)
        assert plan_instance(instance, rows=rows) == plan_instance(alone)
    assert desired_state(instance, rows).templates == tuple(
        TemplateState(f"https://3-{position}.example") for position in range(3)
    )


def test_batches_cover_a_large_fleet() -> None:
    # More than are read at once.
    create_fleet(1_001)
    found = [(row.pk, rows.templates_of(row)) for row, rows in with_shared_rows(_shared())]
    assert [pk for pk, _ in found] == [row.pk for row in _shared()]
    assert {templates for _, templates in found} == {(TemplateState("https://a.example/"),)}


def test_rows_of_other_instances_are_never_taken_for_an_empty_list() -> None:
    _fleet(2)
    first, second = _shared()
    ((_, rows),) = with_shared_rows([first])
    with pytest.raises(KeyError):
        plan_instance(second, rows=rows)


# In Default mode a plan warns that templates have no effect.
@pytest.mark.parametrize("service_mode", ["Serverless", "Default"])
def test_a_fleet_takes_a_constant_number_of_queries(service_mode: str) -> None:
    counts = []
    for size in (2, 4):
        _fleet(size, service_mode=service_mode)
        with CaptureQueriesContext(connection) as queries:
            assert run("plan").code == ExitCode.PENDING
            plans = [plan_instance(each.instance, rows=each.rows) for each in compare_fleet()]
        assert any(not plan.is_empty for plan in plans)
        counts.append(len(queries))
    assert counts[0] == counts[1] > 0
