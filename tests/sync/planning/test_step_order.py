"""Reasons for the order of the steps of a plan."""

from __future__ import annotations

from hypothesis import given

from arm.instance_state import ABSENT, ExistenceState, IdentityState, InstanceState
from sync.components.registry import REGISTRY
from tests.sync.states import observed_states, sound_states

WITH_IDENTITY = InstanceState(IdentityState("SystemAssigned"))


@given(sound_states, observed_states)
def test_every_step_has_a_reason(desired: InstanceState, observed: InstanceState) -> None:
    plan_ = REGISTRY.plan(desired, observed, instance="chat")
    assert all(REGISTRY.explain(plan_, step) for step in plan_.steps)


def test_new_identity_is_first_and_removed_identity_last() -> None:
    added = REGISTRY.plan(WITH_IDENTITY, InstanceState(), instance="chat")
    removed = REGISTRY.plan(InstanceState(), WITH_IDENTITY, instance="chat")
    assert "Before the grants and the templates" in REGISTRY.explain(added, added.steps[0])
    assert "Last" in REGISTRY.explain(removed, removed.steps[0])


def test_creation_and_deletion_of_an_instance_have_a_reason() -> None:
    created = InstanceState(existence=ExistenceState("westeurope", "Standard_S1", "Serverless"))
    for plan_ in (
        REGISTRY.plan(created, ABSENT, instance="chat"),
        REGISTRY.removal(created, instance="chat"),
    ):
        assert all(REGISTRY.explain(plan_, step) for step in plan_.steps)
