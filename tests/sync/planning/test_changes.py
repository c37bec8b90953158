from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given

from arm.instance_state import IdentityState, TemplateState
from sync.components.identity import identity_changes
from sync.components.templates import template_changes
from sync.planning.changes import KNOWN_AFTER_APPLY, Change
from tests.sync.states import IDENTITY_IDS, identities, template_lists

Templates = tuple[TemplateState, ...]

A = TemplateState("https://a.example/")
B = TemplateState("https://b.example/")
C = TemplateState("https://c.example/")


def index_of(change: Change) -> int:
    return int(change.target.removeprefix("upstream.templates[").removesuffix("]"))


def whole(changes: tuple[Change, ...], action: str) -> dict[int, Any]:
    """Return what is created, or deleted, by its index."""
    return {
        index_of(change): change.after or change.before
        for change in changes
        if change.action == action
    }


def rebuild(before: Templates, after_length: int, changes: tuple[Change, ...]) -> list[Any]:
    """Build the desired list from Azure's list and the changes alone."""
    created, deleted = whole(changes, "create"), whole(changes, "delete")
    moves = {index_of(c): c.before for c in changes if c.field == "position"}
    staying = [i for i in range(len(before)) if i not in deleted and i not in moves.values()]
    rest = iter(staying)
    result = [
        created[i] if i in created else asdict(before[moves[i] if i in moves else next(rest)])
        for i in range(after_length)
    ]
    for change in changes:
        if change.field not in {"", "position"}:
            assert result[index_of(change)][change.field] == change.before
            result[index_of(change)] |= {change.field: change.after}
    assert list(rest) == []
    return result


@given(template_lists, template_lists)
def test_changes_alone_rebuild_the_desired_list(before: Templates, after: Templates) -> None:
    changes = template_changes(before, after)
    assert rebuild(before, len(after), changes) == [asdict(template) for template in after]


@given(template_lists)
def test_equal_lists_have_no_change(templates: Templates) -> None:
    assert template_changes(templates, templates) == ()


def test_changed_field_is_one_change_at_its_path() -> None:
    after = replace(A, auth_type="ManagedIdentity", resource="api://chat")
    assert template_changes((A,), (after,)) == (
        Change("upstream.templates[0].auth_type", "update", "None", "ManagedIdentity"),
        Change("upstream.templates[0].resource", "update", None, "api://chat"),
    )


def test_insertion_moves_nothing() -> None:
    assert template_changes((A, B), (C, A, B)) == (
        Change("upstream.templates[0]", "create", None, asdict(C)),
    )


def test_removal_has_azures_index() -> None:
    assert template_changes((A, B, C), (A, C)) == (
        Change("upstream.templates[1]", "delete", asdict(B), None),
    )


def test_moved_template_is_one_change() -> None:
    assert template_changes((A, B, C), (C, A, B)) == (
        Change("upstream.templates[0].position", "update", 2, 0),
    )


def test_new_url_with_the_same_patterns_is_the_same_template() -> None:
    chat = replace(A, hub_pattern="chat")
    assert template_changes((chat, B), (replace(chat, url_template="https://new.example/"), B)) == (
        Change(
            "upstream.templates[0].url_template", "update", A.url_template, "https://new.example/"
        ),
    )


@given(identities, identities)
def test_identities_have_changes_exactly_where_they_differ(
    before: IdentityState, after: IdentityState
) -> None:
    assert bool(identity_changes(before, after)) == (before != after)


def test_principal_of_a_new_system_assigned_identity_is_known_after_apply() -> None:
    after = {"type": "SystemAssigned", "principal_id": KNOWN_AFTER_APPLY}
    assert identity_changes(IdentityState(), IdentityState("SystemAssigned")) == (
        Change("identity", "create", None, after),
    )


def test_switch_is_a_change_of_fields() -> None:
    user_assigned = IdentityState("UserAssigned", IDENTITY_IDS[0])
    assert identity_changes(user_assigned, IdentityState("SystemAssigned")) == (
        Change("identity.type", "update", "UserAssigned", "SystemAssigned"),
        Change("identity.user_assigned_id", "update", IDENTITY_IDS[0], None),
        Change("identity.principal_id", "update", None, KNOWN_AFTER_APPLY),
    )


@pytest.mark.parametrize(
    ("path", "target", "field"),
    [
        ("identity", "identity", ""),
        ("identity.type", "identity", "type"),
        ("upstream.templates[12].position", "upstream.templates[12]", "position"),
        ("grants[contoso-vault]", "grants[contoso-vault]", ""),
    ],
)
def test_path_is_a_target_and_its_field(path: str, target: str, field: str) -> None:
    change = Change(path, "update", None, None)
    assert (change.target, change.field) == (target, field)


def test_path_of_another_form_has_no_target() -> None:
    with pytest.raises(ValueError, match=r"'tags\[' is not the path"):
        _ = Change("tags[", "update", None, None).target
