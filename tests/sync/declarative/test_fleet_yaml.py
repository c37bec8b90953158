from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from arm.instance_state import ExistenceState, IdentityState, InstanceState, TemplateState
from sync.components.service_mode import with_mode
from sync.declarative.fleet_yaml import (
    Declarations,
    DeclaredFunctionApp,
    DeclaredInstance,
    read_documents,
    write_documents,
)
from tests.arm.instance_states import instances as states

SUBSCRIPTION = "bbbbbbbb-0000-4000-8000-000000000001"
WHOLE = f"""\
apiVersion: signalman/v1
kind: SignalRInstance
name: contoso-chat
subscription: {SUBSCRIPTION}
resourceGroup: rg-realtime
location: westeurope
sku: Standard_S1
serviceMode: Serverless
policy: manage
protected: true
createIfMissing: true
identity:
  type: SystemAssigned
upstream:
- hubPattern: chat
  urlTemplate: https://receiver.example/{{hub}}
  auth:
    type: ManagedIdentity
    managedIdentity:
      resource: api://receiver
grants:
  contoso-vault: false
"""


def read(text: str) -> tuple[Declarations, list[str]]:
    declared, faults = read_documents([("fleet.yaml", text)])
    return declared, [str(fault) for fault in faults]


def problems_after(before: str, after: str) -> list[str]:
    """Return the problems after a replacement in the complete document."""
    assert before in WHOLE
    return read(WHOLE.replace(before, after))[1]


def test_reads_every_key() -> None:
    declared, faults = read(WHOLE)
    assert faults == []
    (document,) = declared.instances
    template = TemplateState(
        "https://receiver.example/{hub}", "chat", "*", "*", "ManagedIdentity", "api://receiver"
    )
    state = InstanceState(IdentityState("SystemAssigned"), (template,))
    assert document.state == with_mode(state, "Serverless")
    assert document.existence == ExistenceState("westeurope", "Standard_S1")
    assert (document.policy, document.is_protected, document.create_if_missing) == (
        "manage",
        True,
        True,
    )
    assert document.grants == {"contoso-vault": False}


def test_omitted_keys_are_not_declared() -> None:
    text = f"""\
{{apiVersion: signalman/v1, kind: SignalRInstance, name: one, resourceGroup: rg,
  subscription: {SUBSCRIPTION}, identity: {{type: None}}, upstream: []}}
"""
    declared, faults = read(text)
    assert faults == []
    (document,) = declared.instances
    assert document.state == InstanceState()
    assert (document.policy, document.is_protected, document.create_if_missing) == (None,) * 3
    assert document.existence == ExistenceState()


def test_reads_json() -> None:
    text = (
        '{"apiVersion": "signalman/v1", "kind": "FunctionApp", "id": "/an/id", "policy": "manage"}'
    )
    declared, faults = read(text)
    assert faults == []
    assert [each.arm_id for each in declared.function_apps] == ["/an/id"]


# A replacement in the document, and the line, path and message of the problem that it causes.
WRONG = [
    ("name: contoso-chat", "name: 7", "3: name: A string is required here, and this is a number"),
    (
        "name: contoso-chat",
        "name: yes",
        "3: name: A string is required here, and this is true or false",
    ),
    ("name: contoso-chat", 'name: "\\0"', "3: name: The string contains characters"),
    ("name: contoso-chat", "name: [a]", "3: name: A string is required here."),
    ("name: contoso-chat\n", "", "1: Missing: name."),
    (SUBSCRIPTION, "mine", "4: subscription: Write the subscription ID"),
    ("policy: manage", "policy: manag", "9: policy: Write one of observe, manage, pause."),
    ("protected: true", "protected: 1", "10: protected: Write true or false."),
    ("protected: true", "locked: true", "10: locked: Unknown key"),
    ("protected: true", "policy: observe", "10: policy: This key is a duplicate."),
    ("type: SystemAssigned", "type: System", "13: identity.type: Write one of None, System"),
    ("type: SystemAssigned", "type: UserAssigned", "12: identity: userAssigned is the ARM id"),
    ("hubPattern: chat", "hub: chat", "15: upstream[0].hub: Unknown key"),
    ("hubPattern: chat", "hubPattern: 1", "15: upstream[0].hubPattern: A string is"),
    ("type: ManagedIdentity", "type: None", "17: upstream[0].auth: managedIdentity is required"),
    ("resource: api", "audience: api", "20: upstream[0].auth.managedIdentity.audience: Unknown"),
    ("contoso-vault: false", "contoso-vault: no way", "22: grants.contoso-vault: Write true or"),
    ("signalman/v1", "signalman/v2", "1: A document starts with `apiVersion: signalman"),
    ("kind: SignalRInstance", "kind: SignalR", "1: kind must be SignalRInstance or FunctionApp."),
    ("upstream:\n", "upstream: {\n", "15: This is not YAML"),
]


@pytest.mark.parametrize(("before", "after", "words"), WRONG)
def test_problem_names_file_line_and_path(before: str, after: str, words: str) -> None:
    faults = problems_after(before, after)
    assert any(fault.startswith(f"fleet.yaml:{words}") for fault in faults), faults


def test_upstream_must_be_a_list() -> None:
    head = WHOLE.partition("upstream:")[0]
    assert (
        "fleet.yaml:14: upstream: A list is required here; an empty list is written []."
        in (read(f"{head}upstream: none\n")[1])
    )


def test_reports_all_problems_of_all_documents_together() -> None:
    text = WHOLE.replace("name: contoso-chat", "name: 7").replace("true", "1")
    assert len(read(f"{text}---\n- a list\n---\n{text.replace('7', '8')}")[1]) == 2 * 3 + 1


def test_empty_document_declares_nothing() -> None:
    assert read("---\n---\n# only a comment\n") == (Declarations(), [])


def test_refuses_two_documents_of_one_instance() -> None:
    twin = WHOLE.replace("name: contoso-chat", "name: Contoso-Chat")
    assert read(f"{WHOLE}---\n{twin}")[1] == [
        "fleet.yaml:24: Contoso-Chat already has a document at fleet.yaml:1."
    ]


def test_invalid_yaml_is_reported_with_its_line() -> None:
    (fault,) = read("a: [\n")[1]
    assert fault.startswith("fleet.yaml:2: This is not YAML")


def test_refuses_characters_that_yaml_does_not_allow() -> None:
    (fault,) = read("a: \0\n")[1]
    assert "This is not YAML" in fault


names = st.from_regex(r"[a-zA-Z][a-zA-Z0-9-]{1,10}[a-zA-Z0-9]", fullmatch=True)
documents = st.builds(
    DeclaredInstance,
    name=names,
    subscription_id=st.uuids(),
    resource_group=st.text("abc0123456789.()_-é", min_size=1, max_size=8),
    state=st.builds(with_mode, states, st.sampled_from(["", "Default"])),
    existence=st.builds(
        ExistenceState, st.sampled_from(["", "westeurope"]), st.sampled_from(["", "Free_F1"])
    ),
    policy=st.sampled_from([None, "observe", "manage", "pause"]),
    is_protected=st.sampled_from([None, True, False]),
    create_if_missing=st.sampled_from([None, True, False]),
    grants=st.dictionaries(st.sampled_from(["one", "two", "no", "123"]), st.booleans()),
)
apps = st.builds(DeclaredFunctionApp, names, st.sampled_from(["observe", "manage"]))


@given(st.lists(documents, unique_by=lambda each: each.name.lower(), max_size=4), st.lists(apps))
def test_reads_what_it_writes(
    instances: list[DeclaredInstance], apps: list[DeclaredFunctionApp]
) -> None:
    apps = list({app.arm_id.lower(): app for app in apps}.values())
    text = write_documents([*instances, *apps])
    declared, faults = read(text)
    assert faults == []
    assert [each.to_json() for each in declared.instances] == [each.to_json() for each in instances]
    assert [each.state for each in declared.instances] == [each.state for each in instances]
    assert [each.to_json() for each in declared.function_apps] == [each.to_json() for each in apps]
    assert write_documents([*declared.instances, *declared.function_apps]) == text


@given(st.text())
def test_no_text_raises(text: str) -> None:
    read(text)


yaml_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.sampled_from(["None"])),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(
            st.sampled_from(["type", "auth", "managedIdentity", "resource", "urlTemplate", "x"]),
            inner,
        ),
    ),
    max_leaves=8,
)
KEYS = [line.partition(":")[0] for line in WHOLE.splitlines() if line[0].isalpha()]


@given(st.sampled_from(KEYS), yaml_values)
def test_no_value_at_any_path_raises(key: str, value: object) -> None:
    document = yaml.safe_load(WHOLE) | {key: value}
    text = yaml.safe_dump(document)
    declared, faults = read(text)
    if not faults:
        assert write_documents(declared.instances)
