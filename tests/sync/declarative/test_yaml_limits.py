"""YAML that is refused with a hint: too deep, aliases, tabs, block scalars, other spellings."""

from __future__ import annotations

import pytest

from arm.instance_state import TemplateState
from sync.declarative.fleet_yaml import read_documents

HEAD = """\
apiVersion: signalman/v1
kind: SignalRInstance
name: one
subscription: 00000000-0000-0000-0000-000000000001
resourceGroup: rg
identity: {type: None}
"""


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[" * 30_000, "nested more than 20 levels"),
        ("{a: " * 30_000, "nested more than 20 levels"),
        pytest.param("#" * 10_000_001, "more than 10,000,000 characters", id="long"),
        ("hubPattern: *\n", "put it in quotes, as '*'"),
        ("a: &b 1\n", "Anchors (&) and aliases (*) are not supported"),
        ("a: &b 1\nc: *b\n", "Anchors (&) and aliases (*) are not supported"),
        ("eventPattern: &\n", "is an anchor: put it in quotes"),
        ("urlTemplate: @Microsoft\n", "A Key Vault reference needs quotes"),
        ("urlTemplate: {@Microsoft.KeyVault(SecretUri=x)}\n", "A Key Vault reference needs quotes"),
        ("a:\n\t b: 1\n", "A tab cannot indent"),
        ("comment: %done\n", "A value that starts with % needs quotes"),
        ("comment: `done`\n", "A value that starts with a backtick needs quotes"),
        (HEAD + "upstream:\n- urlTemplate: |\n    https://a.example/\n", "Block scalars"),
        (HEAD + "upstream:\n- urlTemplate: >\n    https://a.example/\n", "Block scalars"),
        (HEAD + "upstream: []\n<<: {name: two}\n", "Merge keys (<<) are not supported"),
    ],
)
def test_refuses_with_a_hint(text: str, hint: str) -> None:
    _, problems = read_documents([("fleet.yaml", text)])
    assert any(hint in str(problem) for problem in problems), list(map(str, problems))


@pytest.mark.parametrize(
    "upstream",
    [
        "upstream: {templates: [{hubPattern: chat, urlTemplate: 'https://a.example/'}]}",
        "upstream: [{HubPattern: chat, UrlTemplate: 'https://a.example/'}]",
        "upstream: {Templates: [{HubPattern: chat, UrlTemplate: 'https://a.example/'}]}",
    ],
)
def test_reads_the_spellings_of_other_tools(upstream: str) -> None:
    declared, problems = read_documents([("fleet.yaml", HEAD + upstream)])
    assert problems == []
    (document,) = declared.instances
    assert document.state.templates == (TemplateState("https://a.example/", "chat"),)
