from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arm.instance_state import InstanceState, TemplateState
from identities.models import SignalRInstance, Subscription
from sync.desired.shared_rows import with_shared_rows
from sync.desired.state import declared_state, desired_state, observed_state
from sync.operations.plans.instance import plan_instance

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


def test_batches_cover_the_fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.desired.shared_rows._BATCH", 2)
    _fleet(5)
    found = [len(rows.templates_of(instance)) for instance, rows in with_shared_rows(_shared())]
    assert found == [0, 1, 2, 3, 4]


def test_rows_of_other_instances_are_never_taken_for_an_empty_list() -> None:
    _fleet(2)
    first, second = _shared()
    ((_, rows),) = with_shared_rows([first])
    with pytest.raises(KeyError):
        plan_instance(second, rows=rows)


@pytest.mark.parametrize("command", ["plan", "drift"])
# In Default mode a plan warns that templates have no effect.
@pytest.mark.parametrize("service_mode", ["Serverless", "Default"])
def test_a_fleet_takes_a_constant_number_of_queries(
    command: str, service_mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.management.commands.drift.refresh_fleet", list)
    counts = []
    for size in (2, 4):
        _fleet(size, service_mode=service_mode)
        with CaptureQueriesContext(connection) as queries, pytest.raises(SystemExit):
            call_command(command)
        counts.append(len(queries))
    assert counts[0] == counts[1] > 0
