from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from arm.instance_state import IdentityState, InstanceState, TemplateState
from sync.components.registry import REGISTRY
from sync.planning.partial_plan import NoSuchChange
from tests.sync.states import observed_states

A = TemplateState("https://a.example/")
B = TemplateState("https://b.example/", "chat")
C = TemplateState("https://c.example/", "game")
SIGNED = TemplateState("https://a.example/", "*", "*", "*", "ManagedIdentity", "api://chat")

USER_ASSIGNED = InstanceState(IdentityState("UserAssigned", "/id"))
OWN = InstanceState(IdentityState("SystemAssigned"))

pairs = st.tuples(observed_states, observed_states)


def templates(*entries: TemplateState) -> InstanceState:
    return InstanceState(templates=entries)


def paths(before: InstanceState, after: InstanceState) -> set[str]:
    return {change.path for change in REGISTRY.differences(before, after)}


@hypothesis_settings(deadline=None)
@given(pairs)
def test_all_changes_give_the_new_state_and_none_the_old(
    pair: tuple[InstanceState, InstanceState],
) -> None:
    before, after = pair
    every = paths(before, after)
    for there in (REGISTRY.take(before, after, every), REGISTRY.leave(before, after, ())):
        assert REGISTRY.differences(there, after) == ()
        assert (there.identity, there.templates) == (after.identity, after.templates)
    assert REGISTRY.take(before, after, ()) == REGISTRY.leave(before, after, every) == before


@hypothesis_settings(deadline=None)
@given(pairs, st.data())
def test_partial_plan_mixes_only_old_and_new_entries(
    pair: tuple[InstanceState, InstanceState], data: st.DataObject
) -> None:
    before, after = pair
    every = sorted(paths(before, after))
    chosen = data.draw(st.sets(st.sampled_from(every))) if every else set()
    both = [*before.templates, *after.templates]
    made = REGISTRY.take(before, after, chosen)
    assert made.identity in {before.identity, after.identity}
    for template in made.templates:
        assert template.auth_type == "ManagedIdentity" or template.resource is None
        assert template.url_template in {each.url_template for each in both}
    # Each entry is present once: the old one, the new one, or a mixture.
    assert len(made.templates) <= len(both)


@hypothesis_settings(deadline=None)
@given(pairs, st.data())
def test_remaining_changes_complete_a_partial_plan(
    pair: tuple[InstanceState, InstanceState], data: st.DataObject
) -> None:
    before, after = pair
    every = paths(before, after)
    chosen = data.draw(st.sets(st.sampled_from(sorted(every)))) if every else set()
    kept = REGISTRY.take(before, after, chosen)
    if not REGISTRY.differences(kept, after):
        assert REGISTRY.leave(before, after, chosen) == before
    if not REGISTRY.differences(REGISTRY.leave(before, after, chosen), after):
        assert kept == before


def test_added_template_follows_its_predecessor() -> None:
    before, after = templates(A, C), templates(A, B, C)
    assert REGISTRY.take(before, after, {"upstream.templates[1]"}) == after
    assert REGISTRY.leave(before, after, {"upstream.templates[1]"}) == before


def test_one_of_two_deletions_can_be_selected() -> None:
    before = templates(A, B, C)
    assert REGISTRY.take(before, templates(B), {"upstream.templates[0]"}) == templates(B, C)
    assert REGISTRY.leave(before, templates(B), {"upstream.templates[0]"}) == templates(A, B)


def test_move_can_be_selected_without_a_deletion() -> None:
    before, after = templates(A, B, C), templates(B, A)
    moved = [path for path in paths(before, after) if path.endswith(".position")]
    assert REGISTRY.take(before, after, moved) == templates(B, A, C)


def test_one_field_can_be_selected() -> None:
    before = templates(A)
    desired = templates(TemplateState("https://a.example/", "chat", "*", "connected"))
    assert REGISTRY.take(before, desired, {"upstream.templates[0].hub_pattern"}) == templates(
        TemplateState("https://a.example/", "chat")
    )


@pytest.mark.parametrize("field", ["auth_type", "resource"])
def test_resource_is_selected_with_its_auth(field: str) -> None:
    assert REGISTRY.take(
        templates(A), templates(SIGNED), {f"upstream.templates[0].{field}"}
    ) == templates(SIGNED)
    assert REGISTRY.leave(
        templates(A), templates(SIGNED), {f"upstream.templates[0].{field}"}
    ) == templates(A)


@pytest.mark.parametrize("field", ["type", "user_assigned_id", "principal_id"])
def test_identity_is_selected_whole(field: str) -> None:
    assert REGISTRY.take(USER_ASSIGNED, OWN, {f"identity.{field}"}) == OWN
    assert REGISTRY.leave(USER_ASSIGNED, OWN, {f"identity.{field}"}) == USER_ASSIGNED


def test_names_paths_without_difference() -> None:
    with pytest.raises(NoSuchChange, match=r"templates\[7\]. Paths with a change: identity"):
        REGISTRY.take(USER_ASSIGNED, OWN, {"upstream.templates[7]"})
    with pytest.raises(NoSuchChange, match="none"):
        REGISTRY.leave(OWN, OWN, {"identity"})
