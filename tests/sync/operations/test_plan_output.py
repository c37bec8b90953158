from __future__ import annotations

import json

from arm.instance_state import IdentityState, InstanceState, TemplateState
from sync.components.registry import REGISTRY
from sync.operations.plans.output import render_json, render_text
from sync.planning.plan import Plan

OBSERVED = InstanceState(
    templates=(
        TemplateState("https://a.example/", hub_pattern="chat"),
        TemplateState("https://gone.example/", hub_pattern="old"),
    )
)
DESIRED = InstanceState(
    IdentityState("SystemAssigned"),
    (TemplateState("https://a.example/", "chat", "*", "*", "ManagedIdentity", "api://chat"),),
)
PLAN = REGISTRY.plan(DESIRED, OBSERVED, instance="contoso")


def test_text_follows_terraforms_format() -> None:
    assert render_text(PLAN).splitlines() == [
        "Plan for contoso:",
        "",
        "  # 1. Assign a system-assigned identity",
        "  + identity {",
        '      + type         = "SystemAssigned"',
        "      + principal_id = (known after apply)",
        "    }",
        "",
        "  # 2. Set 1 upstream template",
        "  - upstream.templates[1] {",
        '      - url_template     = "https://gone.example/"',
        '      - hub_pattern      = "old"',
        '      - category_pattern = "*"',
        '      - event_pattern    = "*"',
        '      - auth_type        = "None"',
        "    }",
        "  ~ upstream.templates[0] {",
        '      ~ auth_type = "None" -> "ManagedIdentity"',
        '      + resource  = "api://chat"',
        "    }",
        "  ! Upstream template 2 of Azure's list is deleted.",
        "",
        "Plan: 1 to add, 1 to change, 1 to remove.",
    ]


def test_empty_plan_has_no_changes() -> None:
    text = render_text(REGISTRY.plan(OBSERVED, OBSERVED, instance="contoso"))
    assert text == "No changes. contoso is in sync with Azure."


def test_warning_is_shown_with_its_step() -> None:
    text = render_text(
        REGISTRY.plan(InstanceState(), InstanceState(DESIRED.identity), instance="contoso")
    )
    assert "  ! Roles, vault grants and receivers" in text


def test_escapes_control_characters_in_values() -> None:
    hostile = InstanceState(templates=(TemplateState("https://\x1b[2J.example/"),))
    assert "\x1b" not in render_text(REGISTRY.plan(hostile, InstanceState(), instance="contoso"))


def test_json_has_digest_and_counts() -> None:
    document = json.loads(json.dumps(render_json(PLAN)))
    assert document["digest"] == PLAN.digest
    assert document["action"] == "update"
    assert document["counts"] == {"create": 1, "update": 1, "delete": 1}
    assert [step["kind"] for step in document["steps"]] == ["identity", "templates"]


def test_json_of_an_empty_plan_is_a_no_op() -> None:
    assert render_json(Plan("contoso", OBSERVED))["action"] == "no-op"
