from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arm.function_apps.authentication import FunctionAppAuth, FunctionAppState
from arm.instance_state import ExistenceState, IdentityState, InstanceState, TemplateState
from sync.components.registry import REGISTRY
from sync.components.senders import Sender, with_senders
from sync.components.service_mode import with_mode
from sync.components.vault_names import named_vaults
from sync.planning.plan import InvalidDesired, Plan, Step
from tests.sync.states import (
    IDENTITY_IDS,
    grant,
    is_sound,
    observed_states,
    reference,
    sound_states,
)

SYSTEM = IdentityState("SystemAssigned")
SIGNED = TemplateState("https://a.example/", auth_type="ManagedIdentity", resource="api://chat")
UNSIGNED = TemplateState("https://a.example/")


def apply(step: Step, state: InstanceState) -> InstanceState:
    """Return Azure's state after a step: grants are added, and removed with their principal."""
    if step.kind == "grants":
        return replace(state, grants=tuple(sorted({*state.grants, *step.after.grants})))
    state = replace(state, **{step.kind: getattr(step.after, step.kind)})
    if state.identity.type == "SystemAssigned":
        return state
    kept = tuple(grant for grant in state.grants if grant.identity != "SystemAssigned")
    return replace(state, grants=kept)


@given(sound_states, observed_states)
def test_applying_a_plan_reaches_the_desired_state(
    desired: InstanceState, observed: InstanceState
) -> None:
    state = observed
    for step in REGISTRY.plan(desired, observed, instance="x").steps:
        state = apply(step, state)
        assert REGISTRY.matches(state, step.after)
    assert REGISTRY.is_in_sync(desired, state)
    assert REGISTRY.plan(desired, state, instance="x").is_empty


@given(observed_states)
def test_plan_for_azures_own_state_is_empty_even_if_it_cannot_work(
    state: InstanceState,
) -> None:
    assert REGISTRY.plan(state, state, instance="x").is_empty


@given(
    observed_states,
    st.sampled_from([None, ExistenceState(), ExistenceState("westeurope", "Standard_S1")]),
    st.sampled_from([(), (FunctionAppState("/sites/a", FunctionAppAuth(is_enabled=True)),)]),
    st.sampled_from(["", "Serverless", "Default"]),
    st.lists(st.builds(Sender, st.uuids().map(str)), max_size=2),
)
def test_all_of_a_value_is_relevant_to_itself(
    state: InstanceState,
    existence: ExistenceState | None,
    apps: tuple[FunctionAppState, ...],
    mode: str,
    senders: list[Sender],
) -> None:
    state = replace(state, existence=existence, function_apps=apps)
    state = with_senders(with_mode(state, mode), senders)
    for each in REGISTRY:
        value = each.value(state)
        assert each.relevant(value, value) == value


@given(sound_states, observed_states)
def test_plan_is_empty_only_where_nothing_differs(
    desired: InstanceState, observed: InstanceState
) -> None:
    assert REGISTRY.plan(desired, observed, instance="x").is_empty == REGISTRY.is_in_sync(
        desired, observed
    )


@given(sound_states, observed_states.filter(is_sound))
def test_no_prefix_leaves_a_signed_template_without_an_identity(
    desired: InstanceState, observed: InstanceState
) -> None:
    assert all(is_sound(state) for state in REGISTRY.plan(desired, observed, instance="x").states)


@given(sound_states, observed_states.filter(lambda state: not is_sound(state)))
def test_adds_no_signed_template_while_azure_has_no_identity(
    desired: InstanceState, observed: InstanceState
) -> None:
    for state in REGISTRY.plan(desired, observed, instance="x").states:
        assert is_sound(state) or state.templates == observed.templates


@given(sound_states, observed_states)
def test_no_prefix_grants_to_a_missing_identity(
    desired: InstanceState, observed: InstanceState
) -> None:
    for state in REGISTRY.plan(desired, observed, instance="x").states:
        own = [each for each in state.grants if each.identity == "SystemAssigned"]
        assert not own or state.identity.type == "SystemAssigned"


@given(sound_states, observed_states)
def test_no_prefix_has_a_new_template_before_its_grants(
    desired: InstanceState, observed: InstanceState
) -> None:
    for state in REGISTRY.plan(desired, observed, instance="x").states:
        if state.templates != observed.templates:
            assert state.grants == desired.grants


@given(
    sound_states.filter(lambda state: state.identity.type == "UserAssigned"),
    observed_states,
)
def test_no_prefix_switches_to_a_known_principal_before_its_grants(
    desired: InstanceState, observed: InstanceState
) -> None:
    for state in REGISTRY.plan(desired, observed, instance="x").states:
        if state.identity != observed.identity:
            assert state.grants == desired.grants


@given(sound_states, observed_states.filter(is_sound))
def test_switch_warns_of_secrets_that_become_unreadable(
    desired: InstanceState, observed: InstanceState
) -> None:
    planned = REGISTRY.plan(desired, observed, instance="x")
    for before, step in zip(planned.states, planned.steps, strict=False):
        granted = {each.vault for each in before.grants}
        lost = [vault for vault in named_vaults(before.templates) if vault not in granted]
        if step.kind == "identity" and step.after.identity.type != "None":
            assert any(lost) == any("until the new identity may" in one for one in step.warnings)


@given(sound_states, observed_states)
def test_plan_never_revokes_a_grant(desired: InstanceState, observed: InstanceState) -> None:
    planned = REGISTRY.plan(desired, observed, instance="x")
    for before, after in pairwise(planned.states):
        assert set(before.grants) <= set(after.grants)


@given(sound_states, observed_states)
def test_every_step_changes_something(desired: InstanceState, observed: InstanceState) -> None:
    planned = REGISTRY.plan(desired, observed, instance="x")
    assert all(step.changes for step in planned.steps)
    assert len(set(planned.states)) == len(planned.steps) + 1


@given(sound_states, observed_states)
def test_plan_round_trips_through_json_with_its_digest(
    desired: InstanceState, observed: InstanceState
) -> None:
    planned = REGISTRY.plan(desired, observed, instance="x")
    stored = Plan.from_json(json.loads(json.dumps(planned.to_json())))
    assert stored == planned
    assert stored.digest == planned.digest


@given(st.lists(sound_states, min_size=4, max_size=4))
def test_different_plans_have_different_digests(states: list[InstanceState]) -> None:
    first, second = (
        REGISTRY.plan(*states[:2], instance="x"),
        REGISTRY.plan(*states[2:], instance="x"),
    )
    assert (first.digest == second.digest) == (first == second)


def test_digest_is_of_one_instance() -> None:
    states = (InstanceState(SYSTEM), InstanceState())
    assert (
        REGISTRY.plan(*states, instance="one").digest
        != REGISTRY.plan(*states, instance="two").digest
    )


def test_identity_comes_before_the_template_that_is_signed_with_it() -> None:
    planned = REGISTRY.plan(InstanceState(SYSTEM, (SIGNED,)), InstanceState(), instance="x")
    assert [step.key for step in planned.steps] == ["identity", "templates"]


def test_templates_stop_using_an_identity_before_it_is_removed() -> None:
    observed = InstanceState(SYSTEM, (SIGNED,))
    planned = REGISTRY.plan(InstanceState(templates=(UNSIGNED,)), observed, instance="x")
    assert [step.key for step in planned.steps] == ["templates", "identity"]


@given(observed_states.filter(lambda state: not is_sound(state)), observed_states)
def test_refuses_signed_template_without_identity(
    desired: InstanceState, observed: InstanceState
) -> None:
    assume(not REGISTRY.is_in_sync(desired, observed))
    with pytest.raises(InvalidDesired, match=r"x: .*Upstream template"):
        REGISTRY.plan(desired, observed, instance="x")


def test_problem_names_its_template_and_the_fix() -> None:
    (problem,) = REGISTRY.problems(InstanceState(templates=(UNSIGNED, SIGNED)))
    assert problem == (
        "Upstream template 2 uses managed identity, but the desired state has no identity. Set an "
        "identity, or turn the template's authentication off."
    )


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        (IdentityState(), SYSTEM, "Assign a system-assigned identity"),
        (SYSTEM, IdentityState(), "Remove the identity"),
        (
            SYSTEM,
            IdentityState("UserAssigned", IDENTITY_IDS[0]),
            "Switch to the user-assigned identity one",
        ),
    ],
)
def test_identity_step_has_a_title(before: IdentityState, after: IdentityState, title: str) -> None:
    (step,) = REGISTRY.plan(InstanceState(after), InstanceState(before), instance="x").steps
    assert step.title == title


def test_warns_of_losing_a_principal() -> None:
    switch = REGISTRY.plan(
        InstanceState(IdentityState("UserAssigned", IDENTITY_IDS[0])),
        InstanceState(SYSTEM),
        instance="x",
    )
    assert "until they use the new one" in switch.steps[0].warnings[0]
    gift = REGISTRY.plan(InstanceState(SYSTEM), InstanceState(), instance="x")
    assert gift.steps[0].warnings == ()


SYSTEM_READS = grant("policies", "SystemAssigned")
NAMING = TemplateState(f"https://a.example/?code={reference('policies')}")


def test_grant_comes_after_its_identity_and_before_its_template() -> None:
    desired = InstanceState(SYSTEM, (NAMING,), (SYSTEM_READS,))
    planned = REGISTRY.plan(desired, InstanceState(), instance="x")
    assert [step.kind for step in planned.steps] == ["identity", "grants", "templates"]
    assert planned.steps[0].warnings == ()


def test_access_is_granted_before_the_switch_to_a_user_assigned_identity() -> None:
    two = IdentityState("UserAssigned", IDENTITY_IDS[1])
    desired = InstanceState(two, (NAMING,), (grant("policies", IDENTITY_IDS[1]),))
    planned = REGISTRY.plan(
        desired, InstanceState(SYSTEM, (NAMING,), (SYSTEM_READS,)), instance="x"
    )
    assert [step.kind for step in planned.steps] == ["grants", "identity"]
    assert not any("secrets of" in warning for warning in planned.steps[1].warnings)


def test_switch_to_a_new_principal_warns_of_failing_events() -> None:
    one = IdentityState("UserAssigned", IDENTITY_IDS[0])
    observed = InstanceState(one, (NAMING,), (grant("policies", IDENTITY_IDS[0]),))
    desired = InstanceState(SYSTEM, (NAMING,), (SYSTEM_READS,))
    identity, grants = REGISTRY.plan(desired, observed, instance="x").steps
    assert (identity.kind, grants.kind) == ("identity", "grants")
    assert identity.warnings[1] == (
        "Requests of templates that reference secrets of policies fail from this step on, until "
        "the new identity may read the secrets."
    )


def test_refuses_reference_without_identity() -> None:
    (problem,) = REGISTRY.problems(InstanceState(templates=(NAMING,)))
    assert problem == (
        "Upstream template 1 references a secret of policies, but the desired state has no "
        "identity that can read it. Set an identity, or remove the reference."
    )


def test_warns_of_propagation_of_a_role_assignment() -> None:
    template = TemplateState(f"https://a.example/{reference('roles')}")
    desired = InstanceState(SYSTEM, (template,), (grant("roles", "SystemAssigned"),))
    (grants, _templates) = REGISTRY.plan(desired, InstanceState(SYSTEM), instance="x").steps
    assert grants.title == "Grant the identity access to the secrets of roles"
    assert "can take up to 30 minutes to take effect" in grants.warnings[0]


def test_refuses_unknown_component() -> None:
    with pytest.raises(ValueError, match="There is no component 'tags'"):
        REGISTRY.__getitem__("tags")
