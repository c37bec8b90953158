from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from arm.instance_state import IdentityState, InstanceState
from identities.models import KeyVault, SignalRInstance
from localazure import seed
from sync.declarative.apply_fleet import declare_and_apply, preview
from sync.declarative.check_fleet import InvalidDeclarations, check
from sync.desired.history import Author
from sync.desired.state import declared_state
from sync.inventory.import_subscription import import_subscription
from sync.management.file_argument import read_files
from sync.models import AuditEvent, DesiredRevision, Operation
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.declared import SIGNED, SYSTEM, Fleet, lab, reference, rows
from tests.sync.functions import SITE_ID, to_function
from tests.sync.states import IDENTITY_IDS
from tests.sync.worker import patches, signed_lab

pytestmark = pytest.mark.django_db

ELSEWHERE = "bbbbbbbb-0000-4000-8000-000000000009"


def test_export_has_one_document_per_instance_ordered_by_name(fleet: Fleet) -> None:
    documents = list(fleet.read().values())
    kinds = [each["kind"] for each in documents]
    names = [each["name"] for each in documents if each["kind"] == "SignalRInstance"]
    assert kinds == ["SignalRInstance"] * len(names)
    assert names == sorted(SignalRInstance.objects.values_list("name", flat=True))


def test_exports_selected_instances(fleet: Fleet) -> None:
    def exported_names(*options: str) -> list[str]:
        return [
            each["name"]
            for each in run("export", *options, "--json").document["documents"]
            if each["kind"] == "SignalRInstance"
        ]

    assert exported_names(seed.LAB.upper()) == [seed.LAB]
    group = exported_names("--resource-group", seed.PAYMENTS_GROUP)
    assert seed.PAYMENTS in group
    assert seed.CHAT not in group
    assert exported_names("--subscription", ELSEWHERE) == []
    assert run("export", "unknown").code == 1


def test_new_export_has_no_changes(fleet: Fleet) -> None:
    assert fleet.plan().code == 0
    before = rows()
    outcome = fleet.apply()
    assert outcome.code == 0, outcome.error
    assert rows() == before
    assert patches(fleet.cloud) == []


def test_planning_a_file_stores_nothing(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM, upstream=[SIGNED])
    before = rows()
    outcome = fleet.plan()
    assert outcome.code == 2
    assert "Plan: 2 to add, 0 to change, 0 to remove." in outcome.out
    assert '~ instance.policy = "observe" -> "manage"' in outcome.out
    assert run("apply", "-f", str(fleet.path), "--dry-run").code == 2
    assert rows() == before


def test_applying_a_file_stores_writes_and_audits_it(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM, upstream=[SIGNED])
    outcome = fleet.apply("--as", "pipeline 7", "--comment", "for the lab")
    assert outcome.code == 0, outcome.error
    assert outcome.out.endswith(f"{seed.LAB}: succeeded\n")
    revision = DesiredRevision.objects.filter(instance=lab()).latest("number")
    assert (revision.who, revision.action, revision.comment) == (
        "pipeline 7",
        "apply a file",
        "for the lab",
    )
    assert set(AuditEvent.objects.filter(object=lab().arm_id).values_list("who", flat=True)) == {
        "signalman",
        "pipeline 7",
    }
    assert len(patches(fleet.cloud)) == 2
    assert fleet.plan().code == 0
    assert run("plan").code == 0


def test_second_apply_does_nothing(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM, upstream=[SIGNED])
    fleet.apply()
    before, written = rows(), len(patches(fleet.cloud))
    assert fleet.apply().code == 0
    assert rows() == before
    assert len(patches(fleet.cloud)) == written


def test_one_invalid_document_changes_no_row(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM)
    fleet.change(seed.CHAT, upstream=[{"urlTemplate": "receiver.example"}])
    before = rows()
    for outcome in (fleet.plan(), fleet.apply()):
        assert outcome.code == 1
        assert "upstream[0]: url_template: Enter an absolute URL" in outcome.error
        assert outcome.error.startswith(f"{fleet.path}:")
    assert rows() == before


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"name": "contoso-unknown"}, "name: Unknown instance 'contoso-unknown'"),
    (
        {"resourceGroup": "elsewhere"},
        f"resourceGroup: The instance is in the resource group {seed.PAYMENTS_GROUP}.",
    ),
    ({"subscription": ELSEWHERE}, "subscription: The instance is in the subscription"),
    ({"sku": "Premium_P1"}, "sku: The instance has Standard_S1, which cannot be changed"),
    (
        {"identity": {"type": "UserAssigned", "userAssigned": IDENTITY_IDS[0]}},
        "identity: Unknown user-assigned identity",
    ),
    ({"grants": {"contoso-vault": True}}, "grants: grants needs an identity"),
    ({"identity": SYSTEM, "grants": {"unknown": True}}, "grants: No template names a secret"),
    (
        {"upstream": [{**SIGNED, "auth": None, "eventPattern": "a*"}]},
        "event_pattern: Use '*' by itself",
    ),
    ({"upstream": [SIGNED], "policy": "manage"}, "no identity"),
]


@pytest.mark.parametrize(("values", "words"), FAULTS)
def test_invalid_value_is_reported_at_its_position(
    fleet: Fleet, values: dict[str, Any], words: str
) -> None:
    fleet.change(seed.LAB, **values)
    before = rows()
    outcome = fleet.apply()
    assert outcome.code == 1
    assert words in outcome.error
    assert rows() == before


@pytest.mark.parametrize("policy", ["observe", "pause"])
def test_observed_instance_is_planned_but_refused(fleet: Fleet, policy: str) -> None:
    fleet.change(seed.LAB, policy=policy, identity=SYSTEM)
    before = rows()
    planned = fleet.plan()
    assert planned.code == 2
    assert "This plan cannot be applied" in planned.out
    outcome = fleet.apply()
    assert outcome.code == 1
    assert f"policy: The policy of {seed.LAB} is {policy}" in outcome.error
    assert rows() == before


def test_policy_alone_is_a_change(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", protected=False)
    assert fleet.plan().code == 2
    assert fleet.apply().code == 0
    assert (lab().policy, lab().is_protected) == ("manage", False)
    assert not Operation.objects.exists()


def test_changes_after_the_plan_are_not_applied(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM)
    author = Author("ada", "apply a file")
    intents = check(read_files([str(fleet.path)]))
    prospects = preview(intents, author)
    has_it = InstanceState(IdentityState("SystemAssigned")).to_json()
    SignalRInstance.objects.filter(name=seed.LAB).update(observed=has_it)
    before = rows()
    with pytest.raises(InvalidDeclarations, match="is stale"):
        declare_and_apply(intents, prospects, author)
    assert rows() == before


def test_unfinished_operation_refuses_the_whole_file(fleet: Fleet) -> None:
    busy = signed_lab()
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM)
    fleet.change(seed.PAYMENTS, policy="manage", identity=SYSTEM)
    before = rows()
    outcome = fleet.apply()
    assert outcome.code == 1
    assert str(busy.pk) in outcome.error
    assert rows() == before


def test_applies_part_of_a_file(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM)
    fleet.change(seed.PAYMENTS, policy="manage", identity=SYSTEM)
    assert fleet.apply(seed.LAB).code == 0
    assert Operation.objects.get().instance.name == seed.LAB
    assert fleet.plan(seed.LAB).code == 0
    assert fleet.plan().code == 2
    assert "No document is of unknown." in fleet.plan("unknown").error


def test_creates_a_new_instance_only_if_the_document_allows_it(fleet: Fleet) -> None:
    new = {
        "name": "contoso-new",
        "createIfMissing": True,
        "policy": "manage",
        "identity": SYSTEM,
        "upstream": [SIGNED],
    }
    fleet.change(seed.LAB, **new)
    before = rows()
    assert fleet.plan().code == 2
    assert rows() == before
    outcome = fleet.apply()
    assert outcome.code == 0, outcome.error
    made = SignalRInstance.objects.get(name="contoso-new")
    assert (made.policy, made.observed is not None) == ("manage", True)
    assert fleet.plan().code == 0


def test_refuses_new_instance_whose_name_is_taken(fleet: Fleet) -> None:
    SignalRInstance.objects.filter(name=seed.LAB).delete()
    fleet.change(seed.LAB, createIfMissing=True)
    outcome = fleet.plan()
    assert outcome.code == 1
    assert "cannot be created" in outcome.error


def test_new_instance_requires_its_creation_settings(fleet: Fleet) -> None:
    fleet.change(seed.LAB, name="a-", createIfMissing=True, location="", sku="Huge")
    error = fleet.plan().error
    assert "location is required" in error
    assert "sku: The value must be one of" in error
    assert "name: The name of a SignalR instance has" in error


def test_unknown_vault_is_looked_up(fleet: Fleet) -> None:
    KeyVault.objects.all().delete()
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM, upstream=[reference(seed.VAULT)])
    assert f"grants[{seed.VAULT}]" in fleet.plan().out
    assert fleet.apply().code == 0
    assert fleet.plan().code == 0
    assert fleet.read()[seed.LAB].get("grants") is None
    documents = run("export", seed.LAB, "--json").document["documents"]
    assert documents[0]["grants"] == {seed.VAULT: True}


def test_declined_grant_is_not_planned(fleet: Fleet) -> None:
    upstream, grants = [reference(seed.VAULT)], {seed.VAULT: False}
    fleet.change(seed.LAB, policy="manage", identity=SYSTEM, upstream=upstream, grants=grants)
    assert fleet.apply().code == 0
    assert lab().declined_grants == [[seed.VAULT, "SystemAssigned"]]
    fleet.change(seed.LAB, grants={seed.VAULT: True})
    assert f"~ grants[{seed.VAULT}].desired = false -> true" in fleet.plan().out
    assert fleet.apply().code == 0
    assert lab().declined_grants == []


def test_document_sets_the_policy_of_a_function_app(fleet: Fleet) -> None:
    fleet.change(seed.CHAT, policy="manage", upstream=[to_function()])
    fleet.add(kind="FunctionApp", id=SITE_ID, policy="manage")
    outcome = fleet.plan()
    assert outcome.code == 2
    assert '~ app.policy = "observe" -> "manage"' in outcome.out
    assert fleet.apply().code == 0
    kinds = [step.kind for step in Operation.objects.get().steps.all()]
    assert sorted(kinds) == ["function_apps", "templates"]
    assert fleet.plan().code == 0
    fleet.path.write_text(run("export").out)
    assert fleet.read()[seed.FUNCTION_APP]["policy"] == "manage"
    assert fleet.plan().code == 0


def test_refuses_unknown_function_app(fleet: Fleet) -> None:
    fleet.add(kind="FunctionApp", id="/nowhere", policy="manage")
    assert "Unknown Function App" in fleet.plan().error


def test_keeps_azures_template_that_cannot_be_entered_here(
    local_azure: LocalAzure, db: None, tmp_path: Path
) -> None:
    old = {"urlTemplate": "https://old.example", "auth": {"type": "ManagedIdentity"}}
    local_azure.seed(
        instances=[
            {
                "name": "contoso-old",
                "resourceGroup": seed.REALTIME_GROUP,
                "identity": {"type": "SystemAssigned"},
                "properties": {"upstream": {"templates": [old]}},
            }
        ]
    )
    import_subscription(seed.SUBSCRIPTION_ID)
    path = tmp_path / "old.yaml"
    path.write_text(run("export", "contoso-old").out)
    fleet = Fleet(path, local_azure)
    assert fleet.plan().code == 0
    fleet.change("contoso-old", upstream=[SIGNED, *fleet.read()["contoso-old"]["upstream"]])
    assert fleet.plan().code == 2


KEYED = {"urlTemplate": "https://receiver.example/?code=swordfish&x=1"}


def test_key_in_a_url_is_not_exported_and_is_kept(fleet: Fleet) -> None:
    fleet.change(seed.LAB, policy="manage", upstream=[KEYED])
    planned = [fleet.plan().out, fleet.plan("--json").out]
    assert fleet.apply().code == 0
    text = run("export").out
    assert "swordfish" not in "".join([text, *planned])
    fleet.path.write_text(text)
    assert fleet.plan().code == 0
    fleet.change(seed.LAB, upstream=[SIGNED, *fleet.read()[seed.LAB]["upstream"]], identity=SYSTEM)
    assert fleet.apply().code == 0
    assert [each.url_template for each in declared_state(lab()).templates] == [
        SIGNED["urlTemplate"],
        KEYED["urlTemplate"],
    ]
    fleet.change(seed.LAB, upstream=[SIGNED])
    assert "swordfish" not in fleet.plan("--json").out


def test_refuses_hidden_key_that_the_instance_does_not_have(fleet: Fleet) -> None:
    hidden = {"urlTemplate": "https://receiver.example/?code=(hidden:01234567)"}
    fleet.change(seed.LAB, policy="manage", upstream=[hidden])
    assert "upstream[0]: The key in this URL was redacted" in fleet.apply().error
