from __future__ import annotations

import pytest
from django.db import IntegrityError

from identities.models import SignalRInstance
from localazure import seed
from sync.desired.management_policy import Policy, set_policy
from sync.errors import NotManaged
from sync.models import AuditEvent, Operation
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import SIGNED, drive_to, imported, patches, signed_lab, stage, start, want

pytestmark = pytest.mark.django_db


def test_an_imported_instance_is_only_observed(local_azure: LocalAzure) -> None:
    assert imported(seed.LAB).policy == Policy.OBSERVE


def test_the_database_knows_three_policies(local_azure: LocalAzure) -> None:
    instance = imported(seed.LAB)
    with pytest.raises(IntegrityError):
        SignalRInstance.objects.filter(pk=instance.pk).update(policy="adopt")


@pytest.mark.parametrize(("policy", "state"), [("observe", "is observe"), ("pause", "is pause")])
def test_nothing_is_begun_under_another_policy_than_manage(
    local_azure: LocalAzure, policy: str, state: str
) -> None:
    instance = want(imported(seed.LAB), "SystemAssigned")
    set_policy(instance, Policy(policy), who="ada")
    with pytest.raises(NotManaged, match=f"{state}.*set_policy {seed.LAB} manage"):
        start(instance)
    assert not Operation.objects.exists()


def test_a_pause_stops_an_operation_before_its_next_step(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    drive_to(operation, "done")
    set_policy(operation.instance, Policy.PAUSE, who="ada")
    stage(operation)
    assert operation.state == Operation.State.CANCELLED
    assert [list(body) for body in patches(local_azure)] == [["identity"]]


def test_the_command_says_what_changed_and_the_audit_trail_who_did_it(
    local_azure: LocalAzure,
) -> None:
    imported(seed.LAB)
    assert run("set_policy", seed.LAB, "manage").out == f"{seed.LAB}: manage.\n"
    assert run("set_policy", seed.LAB, "manage").out == f"{seed.LAB}: manage (unchanged).\n"
    event = AuditEvent.objects.get(action="set policy")
    assert (event.before, event.after) == ("observe", "manage")


def test_an_apply_of_an_observed_instance_says_what_to_do(local_azure: LocalAzure) -> None:
    instance = want(imported(seed.LAB), "SystemAssigned", SIGNED)
    set_policy(instance, Policy.OBSERVE, who="ada")
    outcome = run("apply", seed.LAB, "--yes")
    assert outcome.code == 1
    assert f"set_policy {seed.LAB} manage" in outcome.error
