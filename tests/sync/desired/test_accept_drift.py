from __future__ import annotations

import pytest

from arm.instance_state import InstanceState
from identities.models import SignalRInstance
from localazure import seed
from sync.desired.accept_drift import NotAcceptable, accept
from sync.desired.state import desired_state, observed_state
from sync.errors import NeverRead
from sync.models import AuditEvent, DesiredRevision
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import (
    SIGNED,
    UNSIGNED,
    drive,
    imported,
    managed,
    patches,
    set_desired,
    start,
)
from upstreams.url_templates.arm_json import load_templates

pytestmark = pytest.mark.django_db

OTHER = {"urlTemplate": "https://other.example/", "hubPattern": "game"}


def stored(name: str) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=name)


def drifted() -> SignalRInstance:
    """Return an instance with an identity and two templates desired; Azure has none."""
    return set_desired(imported(seed.LAB), "SystemAssigned", SIGNED, OTHER)


def test_accepting_all_copies_azures_state(local_azure: LocalAzure) -> None:
    instance = drifted()
    changes = accept(instance, who="ada", comment="they are right")
    assert [change.path for change in changes] == [
        "identity",
        "upstream.templates[0]",
        "upstream.templates[1]",
    ]
    assert plan_instance(stored(seed.LAB)).is_empty
    revision = DesiredRevision.objects.filter(instance=instance).latest("number")
    assert (revision.action, revision.comment) == ("accept", "they are right")
    assert AuditEvent.objects.filter(action="desired state: accept").count() == 1
    assert patches(local_azure) == []


def test_accepting_one_change_keeps_the_others_desired(local_azure: LocalAzure) -> None:
    accept(drifted(), ["upstream.templates[1]"], who="ada")
    left = plan_instance(stored(seed.LAB))
    assert [change.path for change in left.changes] == ["identity", "upstream.templates[0]"]


def test_refuses_changes_that_cannot_work_with_the_rest(local_azure: LocalAzure) -> None:
    instance = drifted()
    with pytest.raises(NotAcceptable, match="Upstream template 1 uses managed identity"):
        accept(instance, ["identity"], who="ada")
    assert desired_state(stored(seed.LAB)) == desired_state(instance)


def test_accepts_an_identity_assigned_elsewhere(local_azure: LocalAzure) -> None:
    instance = set_desired(imported(seed.CHAT), "None", UNSIGNED)
    accept(instance, who="ada")
    assert desired_state(stored(seed.CHAT)) == observed_state(instance) != InstanceState()


def test_accepts_nothing_of_a_deleted_instance(local_azure: LocalAzure) -> None:
    instance = imported(seed.LAB)
    SignalRInstance.objects.update(observed=None)
    with pytest.raises(NeverRead, match="remove_instance"):
        accept(instance, who="ada")


def test_changes_can_be_applied_one_by_one(local_azure: LocalAzure) -> None:
    instance = drifted()
    assert run("plan", seed.LAB, "--path", "identity").out.count("# ") == 1
    outcome = run("apply", seed.LAB, "--path", "identity", "--yes", "--inline")
    assert outcome.code == 0, outcome
    assert [list(body) for body in patches(local_azure)] == [["identity"]]
    left = plan_instance(stored(instance.name))
    assert [step.kind for step in left.steps] == ["templates"]


def test_does_not_start_a_partial_plan_that_cannot_work(local_azure: LocalAzure) -> None:
    drifted()
    outcome = run(
        "apply", seed.LAB, "--path", "upstream.templates[0]", "--yes", "--confirm-destructive"
    )
    assert outcome.code == 1
    assert "no identity" in outcome.error


def test_command_refreshes_before_it_accepts(local_azure: LocalAzure) -> None:
    instance = managed(seed.LAB)
    drive(start(set_desired(instance, "SystemAssigned")))
    set_desired(instance, "None")
    assert run("drift", seed.LAB).code == 2
    outcome = run("drift", "--accept", seed.LAB)
    assert (outcome.code, outcome.out.split("\t")[1]) == (0, "Synced")


def test_command_accepts_a_path_and_shows_the_rest(local_azure: LocalAzure) -> None:
    drifted()
    outcome = run("drift", "--accept", seed.LAB, "--path", "upstream.templates[1]")
    assert outcome.code == 2
    assert "2 to add" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--accept"], "needs the names of instances"),
        ([seed.LAB, "--path", "identity"], "needs --accept"),
        (["--accept", seed.LAB, seed.CHAT, "--path", "identity"], "exactly one instance"),
        (["--accept", seed.LAB, "--path", "tags"], "There is no change at tags"),
    ],
)
def test_refuses_ambiguous_arguments(
    local_azure: LocalAzure, arguments: list[str], words: str
) -> None:
    imported(seed.LAB)
    imported(seed.CHAT)
    outcome = run("drift", *arguments)
    assert outcome.code == 1
    assert words in outcome.error


def test_keeps_edits_made_after_the_drift_was_shown(local_azure: LocalAzure) -> None:
    shown = set_desired(imported(seed.LAB), "SystemAssigned", UNSIGNED, OTHER)
    desired_state(shown)
    load_templates(stored(seed.LAB), [UNSIGNED])
    accept(shown, ["identity"], who="ada")
    before = desired_state(stored(seed.LAB))
    assert before.identity.type == "None"
    assert [each.url_template for each in before.templates] == [UNSIGNED["urlTemplate"]]
