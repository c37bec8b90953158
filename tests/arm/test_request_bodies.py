from __future__ import annotations

from arm.instance_state import IdentityState, TemplateState
from arm.request_bodies import identity_patch, templates_patch


def test_an_identity_patch_holds_the_identity_alone() -> None:
    assert identity_patch(IdentityState("SystemAssigned")) == {
        "identity": {"type": "SystemAssigned"}
    }


def test_user_assigned_identity_is_sent_by_id() -> None:
    assert identity_patch(IdentityState("UserAssigned", "/id")) == {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/id": {}}}
    }


def test_templates_keep_their_order_and_their_auth() -> None:
    signed = TemplateState("https://b", auth_type="ManagedIdentity", resource="api://b")
    body = templates_patch((TemplateState("https://a", hub_pattern="chat"), signed))
    assert body["properties"]["upstream"]["templates"] == [
        {
            "hubPattern": "chat",
            "categoryPattern": "*",
            "eventPattern": "*",
            "urlTemplate": "https://a",
        },
        {
            "hubPattern": "*",
            "categoryPattern": "*",
            "eventPattern": "*",
            "urlTemplate": "https://b",
            "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://b"}},
        },
    ]


def test_no_templates_are_an_empty_list() -> None:
    assert templates_patch(()) == {"properties": {"upstream": {"templates": []}}}
