from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from arm.instance_state import IdentityState, InstanceState, TemplateState
from arm.request_bodies import identity_patch, templates_patch
from tests.arm.instance_states import instances


def _to_arm(state: InstanceState) -> dict[str, Any]:
    return identity_patch(state.identity) | templates_patch(state.templates)


@given(instances)
def test_what_is_written_to_arm_is_read_back(state: InstanceState) -> None:
    assert InstanceState.from_arm(_to_arm(state)) == state


@given(instances)
def test_json_is_read_back(state: InstanceState) -> None:
    assert InstanceState.from_json(state.to_json()) == state


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"identity": None, "properties": None},
        {"identity": {"type": "None"}, "properties": {"upstream": None}},
        {"identity": {"type": None}, "properties": {"upstream": {"templates": None}}},
        {"properties": {"upstream": {"templates": []}}},
    ],
)
def test_every_way_of_saying_nothing_is_one_state(resource: dict[str, Any]) -> None:
    assert InstanceState.from_arm(resource) == InstanceState()


@pytest.mark.parametrize("unset", [{}, {"hubPattern": None}, {"hubPattern": ""}])
def test_an_unset_pattern_matches_anything(unset: dict[str, Any]) -> None:
    template = TemplateState.from_arm({"urlTemplate": "https://example.com", **unset})
    assert template == TemplateState("https://example.com", hub_pattern="*")


@pytest.mark.parametrize(
    "auth",
    [None, {}, {"type": "None"}, {"type": "None", "managedIdentity": {"resource": "api://left"}}],
)
def test_auth_that_is_off_names_no_resource(auth: dict[str, Any] | None) -> None:
    template = TemplateState.from_arm({"urlTemplate": "https://example.com", "auth": auth})
    assert (template.auth_type, template.resource) == ("None", None)


def test_an_identity_is_known_by_its_id_in_any_case() -> None:
    identity = {"type": "UserAssigned", "userAssignedIdentities": {"/Subscriptions/A/B": {}}}
    assert IdentityState.from_arm(identity).user_assigned_id == "/subscriptions/a/b"


@pytest.mark.parametrize(
    "identity",
    [
        {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {"/a": {}}},
        {"type": "UserAssigned", "userAssignedIdentities": {"/a": {}, "/b": {}}},
        {"type": "UserAssigned", "userAssignedIdentities": {}},
        {"type": "UserAssigned"},
    ],
)
def test_an_instance_has_one_identity(identity: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="identit"):
        IdentityState.from_arm(identity)


def test_an_unknown_kind_of_auth_is_refused() -> None:
    with pytest.raises(ValueError, match="Certificate"):
        TemplateState.from_arm({"urlTemplate": "https://a", "auth": {"type": "Certificate"}})
