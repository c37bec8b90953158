from __future__ import annotations

import pytest

from localazure import seed
from sync.models import Operation
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.stdin import set_stdin
from tests.sync.commands import run
from tests.sync.worker import SIGNED, drive, drive_to, imported, patches, set_desired, signed_lab

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(local_azure: LocalAzure) -> None:
    """Make Azure finish changes at the first poll, so that no command waits."""
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0})


def digest_of_lab() -> str:
    return plan_instance(set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)).digest


def test_empty_plan_is_no_error(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    outcome = run("apply", seed.LAB)
    assert outcome.code == 0
    assert "No changes." in outcome.out
    assert not Operation.objects.exists()


def test_inline_apply_shows_plan_and_steps_and_succeeds(
    local_azure: LocalAzure,
) -> None:
    set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)
    outcome = run("apply", seed.LAB, "--yes", "--inline")
    assert outcome.code == 0
    assert "Plan: 2 to add, 0 to change, 0 to remove." in outcome.out
    assert f"{seed.LAB}: running, waiting for Azure to finish: Set 1 upstream" in outcome.out
    assert outcome.out.endswith(f"{seed.LAB}: succeeded\n")
    assert run("plan", seed.LAB).code == 0


def test_started_apply_without_waiting_is_pending(local_azure: LocalAzure) -> None:
    set_desired(imported(seed.LAB), "SystemAssigned")
    assert run("apply", seed.LAB, "--yes").code == 2
    assert Operation.objects.get().state == "queued"


def test_starts_nothing_without_terminal_and_without_yes(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_desired(imported(seed.LAB), "SystemAssigned")
    set_stdin(monkeypatch, "yes\n")
    outcome = run("apply", seed.LAB)
    assert outcome.code == 1
    assert "with --yes" in outcome.error
    assert not Operation.objects.exists()


@pytest.mark.parametrize(("answer", "started"), [("yes", 1), ("y", 0), ("", 0)])
def test_only_yes_confirms(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch, answer: str, started: int
) -> None:
    set_desired(imported(seed.LAB), "SystemAssigned")
    set_stdin(monkeypatch, f"{answer}\n", is_terminal=True)
    assert run("apply", seed.LAB).code == 2
    assert Operation.objects.count() == started


def test_starts_nothing_with_the_digest_of_another_plan(local_azure: LocalAzure) -> None:
    digest = digest_of_lab()
    set_desired(imported(seed.LAB), "SystemAssigned")
    outcome = run("apply", seed.LAB, "--yes", "--digest", digest)
    assert outcome.code == 1
    assert "is stale" in outcome.error
    assert not Operation.objects.exists()


def test_accepts_the_digest_that_plan_prints(local_azure: LocalAzure) -> None:
    digest_of_lab()
    digest = run("plan", seed.LAB, "--json").document["plans"][0]["digest"]
    assert run("apply", seed.LAB, "--yes", "--inline", "--digest", digest).code == 0


def test_digest_requires_one_instance(local_azure: LocalAzure) -> None:
    imported(seed.LAB)
    assert "exactly one instance" in run("apply", seed.LAB, seed.CHAT, "--digest", "0").error


def test_invalid_plan_stops_before_anything_starts(local_azure: LocalAzure) -> None:
    set_desired(imported(seed.PAYMENTS), "SystemAssigned")
    set_desired(imported(seed.LAB), "None", SIGNED)
    outcome = run("apply", seed.PAYMENTS, seed.LAB, "--yes")
    assert outcome.code == 1
    assert "no identity" in outcome.error
    assert not Operation.objects.exists()


def test_busy_instance_does_not_stop_the_others(local_azure: LocalAzure) -> None:
    busy = signed_lab()
    set_desired(imported(seed.PAYMENTS), "SystemAssigned")
    outcome = run("apply", seed.LAB, seed.PAYMENTS, "--yes", "--inline")
    assert outcome.code == 1
    assert str(busy.pk) in outcome.error
    assert Operation.objects.get(instance__name=seed.PAYMENTS).state == "succeeded"


def test_failed_apply_is_reported_with_azures_message(local_azure: LocalAzure) -> None:
    failure = {"polls": 1, "retryAfter": 0, "outcome": "Failed", "message": "Short and stout."}
    local_azure.post("/_local/operations", failure)
    set_desired(imported(seed.LAB), "SystemAssigned")
    outcome = run("apply", seed.LAB, "--yes", "--inline")
    assert outcome.code == 1
    assert "Short and stout." in outcome.out


def test_prints_only_the_json_document(local_azure: LocalAzure) -> None:
    set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)
    outcome = run("apply", seed.LAB, "--yes", "--inline", "--json")
    assert outcome.code == 0
    assert outcome.document["errors"] == []
    (operation,) = outcome.document["operations"]
    assert (operation["state"], operation["error"]) == ("succeeded", None)
    assert [step["state"] for step in operation["steps"]] == ["done", "done"]


def test_operations_lists_states(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    outcome = run("operations")
    assert outcome.code == 0
    assert str(operation.pk) in outcome.out
    assert "queued, waiting for a worker" in outcome.out


def test_operations_shows_one_with_its_steps(local_azure: LocalAzure) -> None:
    operation = drive(signed_lab())
    lines = run("operations", str(operation.pk)).out.splitlines()
    assert lines[1:] == [
        "Done\tAssign a system-assigned identity",
        "Done\tSet 1 upstream template",
    ]


def test_json_of_an_operation_omits_azures_signed_url(
    local_azure: LocalAzure,
) -> None:
    operation = signed_lab()
    drive_to(operation, "polling")
    outcome = run("operations", str(operation.pk), "--json")
    assert outcome.document["operations"][0]["steps"][0]["state"] == "polling"
    assert "operationStatuses" not in outcome.out


def test_operations_cancels_by_id(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    assert "cancelled" in run("operations", str(operation.pk), "--cancel").out
    assert "has ended" in run("operations", str(operation.pk), "--cancel").error
    assert run("operations", "--cancel").code == 1
    assert patches(local_azure) == []
