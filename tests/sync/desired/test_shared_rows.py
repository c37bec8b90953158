from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from arm.function_apps.authentication import FunctionAppAuth
from arm.instance_state import IdentityState, InstanceState, TemplateState
from identities.models import (
    ManagedIdentity,
    SignalRInstance,
    Subscription,
    UserAssignedIdentity,
)
from sync.desired.shared_rows import with_shared_rows
from sync.desired.state import declared_state, desired_state, observed_state
from sync.inventory.drift import compare_fleet
from sync.management.base import ExitCode
from sync.operations.plans.instance import plan_instance
from tests.portal.large_fleet import create_fleet
from tests.sync.commands import run
from tests.sync.states import IDENTITY_IDS
from upstreams.models import FunctionApp

pytestmark = pytest.mark.django_db

SUBSCRIPTION_ID = "bbbbbbbb-0000-4000-8000-000000000001"


# The desired identities of a fleet, in turn.
IDENTITIES = (
    IdentityState(),
    IdentityState("SystemAssigned"),
    # Azure and people write ARM ids in any case.
    IdentityState("UserAssigned", IDENTITY_IDS[0]),
)


def _fleet(
    size: int, *, service_mode: str = "Serverless", signed_to: FunctionApp | None = None
) -> None:
    """Create that many instances: the first has no template, the second one, and so on.

    With an app, every instance with an identity has a signed template that points at it.
    """
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
        _set_identity(instance, IDENTITIES[number % 3])
        if signed_to and number % 3:
            instance.upstream_templates.create(
                position=size,
                url_template=f"https://{signed_to.host_name}",
                auth_type="ManagedIdentity",
            )
        # The last position first, so that the order of the rows is not that of the list.
        for position in reversed(range(number)):
            instance.upstream_templates.create(
                position=position, url_template=f"https://{number}-{position}.example"
            )


def _set_identity(instance: SignalRInstance, state: IdentityState) -> None:
    assigned = None
    if state.user_assigned_id:
        assigned, _ = UserAssignedIdentity.objects.get_or_create(
            arm_id=state.user_assigned_id.upper()
        )
    instance.identity.become(ManagedIdentity.Type(state.type), assigned)


def _managed_app() -> FunctionApp:
    subscription = Subscription.objects.create(
        subscription_id=SUBSCRIPTION_ID, tenant_id=SUBSCRIPTION_ID
    )
    return FunctionApp.objects.create(
        subscription=subscription,
        arm_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/contoso",
        host_name="contoso.azurewebsites.net",
        policy=FunctionApp.Policy.MANAGE,
        observed=FunctionAppAuth().to_json(),
    )


def _shared() -> list[SignalRInstance]:
    return list(SignalRInstance.objects.for_plans())


@pytest.mark.parametrize("has_app", [False, True])
def test_every_instance_has_its_own_rows(has_app: bool) -> None:
    _fleet(4, signed_to=_managed_app() if has_app else None)
    for number, (instance, rows) in enumerate(with_shared_rows(_shared())):
        alone = SignalRInstance.objects.get(pk=instance.pk)
        assert declared_state(instance, rows) == declared_state(alone)
        assert desired_state(instance, rows) == desired_state(alone)
        assert observed_state(instance, rows) == observed_state(alone)
        state = desired_state(instance, rows)
        assert state.identity == IDENTITIES[number % 3]
        assert state.templates[:number] == tuple(
            TemplateState(f"https://{number}-{position}.example") for position in range(number)
        )
        assert bool(state.function_apps) == (has_app and bool(number % 3))
        assert plan_instance(instance, rows=rows) == plan_instance(alone)


def test_batches_cover_a_large_fleet() -> None:
    # More than are read at once.
    create_fleet(1_001)
    found = [(row.pk, rows.templates_of(row)) for row, rows in with_shared_rows(_shared())]
    assert [pk for pk, _ in found] == [row.pk for row in _shared()]
    assert {templates for _, templates in found} == {(TemplateState("https://a.example/"),)}


def test_instance_that_was_removed_meanwhile_is_left_out() -> None:
    _fleet(3)
    instances = _shared()
    SignalRInstance.objects.get(pk=instances[1].pk).delete()
    found = [instance.name for instance, _ in with_shared_rows(instances)]
    assert found == [instances[0].name, instances[2].name]


def test_rows_of_other_instances_are_never_taken_for_an_empty_list() -> None:
    _fleet(2)
    first, second = _shared()
    ((_, rows),) = with_shared_rows([first])
    with pytest.raises(KeyError):
        plan_instance(second, rows=rows)


# In Default mode a plan warns that templates have no effect.
@pytest.mark.parametrize(
    ("service_mode", "has_app"), [("Serverless", False), ("Default", False), ("Serverless", True)]
)
def test_a_fleet_takes_a_constant_number_of_queries(
    service_mode: str,
    has_app: bool,
) -> None:
    app = _managed_app() if has_app else None
    counts = []
    for size in (3, 6):
        _fleet(size, service_mode=service_mode, signed_to=app)
        with CaptureQueriesContext(connection) as queries:
            assert run("plan").code == ExitCode.PENDING
            plans = [plan_instance(each.instance, rows=each.rows) for each in compare_fleet()]
        assert any(not plan.is_empty for plan in plans)
        counts.append(len(queries))
    assert counts[0] == counts[1] > 0
