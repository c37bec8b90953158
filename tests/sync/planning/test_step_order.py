"""Why each step of a plan comes where it comes."""

from __future__ import annotations

from hypothesis import given

from arm.state import ABSENT, ExistenceState, IdentityState, InstanceState
from sync.components.registry import REGISTRY
from tests.sync.states import observed_states, sound_states

BORROWED = InstanceState(IdentityState("SystemAssigned"))


@given(sound_states, observed_states)
def test_every_step_has_a_reason(desired: InstanceState, observed: InstanceState) -> None:
    plan_ = REGISTRY.plan(desired, observed, instance="chat")
    assert all(REGISTRY.explain(plan_, step) for step in plan_.steps)


def test_new_identity_is_first_and_removed_identity_last() -> None:
    coming = REGISTRY.plan(BORROWED, InstanceState(), instance="chat")
    going = REGISTRY.plan(InstanceState(), BORROWED, instance="chat")
    assert "Before everything that uses it" in REGISTRY.explain(coming, coming.steps[0])
    assert "Last" in REGISTRY.explain(going, going.steps[0])


def test_creation_and_deletion_of_an_instance_have_a_reason() -> None:
    made = InstanceState(existence=ExistenceState("westeurope", "Standard_S1", "Serverless"))
    for one in (
        REGISTRY.plan(made, ABSENT, instance="chat"),
        REGISTRY.removal(made, instance="chat"),
    ):
        assert all(REGISTRY.explain(one, step) for step in one.steps)
