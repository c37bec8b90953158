from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from arm.instance_state import IdentityState, InstanceState, TemplateState
from identities.models import SignalRInstance, Subscription, UserAssignedIdentity
from sync.components.registry import REGISTRY
from sync.components.service_mode import with_mode
from sync.desired.state import copied_state, declared_state, desired_state, observed_state
from tests.arm.instance_states import instances

SUBSCRIPTION_ID = "bbbbbbbb-0000-4000-8000-000000000001"


def _instance(name: str = "contoso") -> SignalRInstance:
    subscription, _ = Subscription.objects.get_or_create(
        subscription_id=SUBSCRIPTION_ID, tenant_id=SUBSCRIPTION_ID
    )
    return SignalRInstance.objects.create(
        name=name, subscription=subscription, resource_group="rg", location="westeurope"
    )


def _accept(instance: SignalRInstance, state: InstanceState) -> None:
    user_assigned_id = state.identity.user_assigned_id
    if user_assigned_id:
        UserAssignedIdentity.objects.create(arm_id=user_assigned_id)
    for component in REGISTRY:
        component.copy_observed([(instance, state)])


class TestRowsHoldAnyState(TestCase):
    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(instances)
    def test_accepted_state_is_desired(self, state: InstanceState) -> None:
        instance = _instance()
        _accept(instance, state)
        assert desired_state(SignalRInstance.objects.get()) == state

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(instances, st.sampled_from(("", "Serverless", "Default", "Classic")))
    def test_declared_state_is_known_without_reading_the_rows(
        self, state: InstanceState, mode: str
    ) -> None:
        state = with_mode(state, mode)
        _accept(_instance(), state)
        assert copied_state(state) == declared_state(SignalRInstance.objects.get())


@pytest.mark.django_db
def test_new_row_desires_nothing() -> None:
    assert desired_state(_instance()) == InstanceState()


@pytest.mark.django_db
def test_accepting_replaces_the_desired_state() -> None:
    instance = _instance()
    _accept(
        instance, InstanceState(templates=(TemplateState("https://a"), TemplateState("https://b")))
    )
    state = InstanceState(IdentityState("SystemAssigned"), (TemplateState("https://c"),))
    _accept(instance, state)
    assert desired_state(SignalRInstance.objects.get()) == state


@pytest.mark.django_db
def test_templates_keep_their_order() -> None:
    instance = _instance()
    instance.upstream_templates.create(position=2, url_template="https://second")
    instance.upstream_templates.create(position=1, url_template="https://first")
    templates = desired_state(instance).templates
    assert [template.url_template for template in templates] == ["https://first", "https://second"]


@pytest.mark.django_db
def test_instance_never_read_has_no_observed_state() -> None:
    assert observed_state(_instance()) is None


@pytest.mark.django_db
def test_reads_a_fleet_in_a_constant_number_of_queries() -> None:
    counts = []
    for size in (1, 3):
        for number in range(size):
            _instance(f"contoso-{size}-{number}")
        with CaptureQueriesContext(connection) as queries:
            for instance in SignalRInstance.objects.with_desired():
                desired_state(instance)
        counts.append(len(queries))
    assert counts[0] == counts[1]
