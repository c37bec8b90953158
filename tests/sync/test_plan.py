from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arm.state import IdentityState, InstanceState, TemplateState
from sync.plan import InvalidDesired, Plan, Step, plan, problems
from tests.sync.states import IDENTITY_IDS, is_sound, observed_states, sound_states

SYSTEM = IdentityState("SystemAssigned")
SIGNED = TemplateState("https://a.example/", auth_type="ManagedIdentity", resource="api://chat")
UNSIGNED = TemplateState("https://a.example/")


def apply(step: Step, state: InstanceState) -> InstanceState:
    """Write what Azure would be sent: the one part that the step is about."""
    if step.kind == "identity":
        return replace(state, identity=step.after.identity)
    return replace(state, templates=step.after.templates)


@given(sound_states, observed_states)
def test_applying_a_plan_reaches_what_is_wanted(
    desired: InstanceState, observed: InstanceState
) -> None:
    state = observed
    for step in plan(desired, observed, instance="x").steps:
        state = apply(step, state)
        assert state == step.after
    assert state == desired


@given(observed_states)
def test_a_plan_for_what_azure_has_is_empty_even_where_that_cannot_work(
    state: InstanceState,
) -> None:
    assert plan(state, state, instance="x").is_empty


@given(sound_states, observed_states)
def test_a_plan_is_empty_only_where_nothing_differs(
    desired: InstanceState, observed: InstanceState
) -> None:
    assert plan(desired, observed, instance="x").is_empty == (desired == observed)


@given(sound_states, sound_states)
def test_no_prefix_of_a_plan_leaves_a_signed_template_without_an_identity(
    desired: InstanceState, observed: InstanceState
) -> None:
    assert all(is_sound(state) for state in plan(desired, observed, instance="x").states)


@given(sound_states, observed_states.filter(lambda state: not is_sound(state)))
def test_a_plan_adds_no_signed_template_while_azure_has_no_identity(
    desired: InstanceState, observed: InstanceState
) -> None:
    for state in plan(desired, observed, instance="x").states:
        assert is_sound(state) or state.templates == observed.templates


@given(sound_states, observed_states)
def test_every_step_changes_something(desired: InstanceState, observed: InstanceState) -> None:
    planned = plan(desired, observed, instance="x")
    assert all(step.changes for step in planned.steps)
    assert len(set(planned.states)) == len(planned.steps) + 1


@given(sound_states, observed_states)
def test_a_plan_survives_json_with_its_digest(
    desired: InstanceState, observed: InstanceState
) -> None:
    planned = plan(desired, observed, instance="x")
    stored = Plan.from_json(json.loads(json.dumps(planned.to_json())))
    assert stored == planned
    assert stored.digest == planned.digest


@given(st.lists(sound_states, min_size=4, max_size=4))
def test_different_plans_have_different_digests(states: list[InstanceState]) -> None:
    first, second = (plan(*states[:2], instance="x"), plan(*states[2:], instance="x"))
    assert (first.digest == second.digest) == (first == second)


def test_the_digest_is_of_one_instance() -> None:
    states = (InstanceState(SYSTEM), InstanceState())
    assert plan(*states, instance="one").digest != plan(*states, instance="two").digest


def test_an_identity_comes_before_the_template_that_is_signed_with_it() -> None:
    planned = plan(InstanceState(SYSTEM, (SIGNED,)), InstanceState(), instance="x")
    assert [step.key for step in planned.steps] == ["identity", "templates"]


def test_templates_let_go_of_an_identity_before_it_is_removed() -> None:
    observed = InstanceState(SYSTEM, (SIGNED,))
    planned = plan(InstanceState(templates=(UNSIGNED,)), observed, instance="x")
    assert [step.key for step in planned.steps] == ["templates", "identity"]


@given(observed_states.filter(lambda state: not is_sound(state)), observed_states)
def test_a_signed_template_without_an_identity_is_refused(
    desired: InstanceState, observed: InstanceState
) -> None:
    assume(desired != observed)
    with pytest.raises(InvalidDesired, match="x: Upstream template"):
        plan(desired, observed, instance="x")


def test_a_problem_names_its_template_and_what_to_do() -> None:
    (sentence,) = problems(InstanceState(templates=(UNSIGNED, SIGNED)))
    assert sentence == (
        "Upstream template 1 asks for a token, but the instance is to have no identity: "
        "give it one, or turn the template's authentication off."
    )


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        (IdentityState(), SYSTEM, "Give the instance a system-assigned identity"),
        (SYSTEM, IdentityState(), "Remove the identity"),
        (
            SYSTEM,
            IdentityState("UserAssigned", IDENTITY_IDS[0]),
            "Switch to the user-assigned identity one",
        ),
    ],
)
def test_an_identity_step_says_what_it_does(
    before: IdentityState, after: IdentityState, title: str
) -> None:
    (step,) = plan(InstanceState(after), InstanceState(before), instance="x").steps
    assert step.title == title


def test_losing_a_principal_is_warned_of() -> None:
    switch = plan(
        InstanceState(IdentityState("UserAssigned", IDENTITY_IDS[0])),
        InstanceState(SYSTEM),
        instance="x",
    )
    assert "until they name the new one" in switch.steps[0].warnings[0]
    gift = plan(InstanceState(SYSTEM), InstanceState(), instance="x")
    assert gift.steps[0].warnings == ()
