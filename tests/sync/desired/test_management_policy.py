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
from tests.sync.worker import (
    SIGNED,
    drive_to,
    imported,
    patches,
    set_desired,
    signed_lab,
    stage,
    start,
)

pytestmark = pytest.mark.django_db


def test_imported_instance_is_observed(local_azure: LocalAzure) -> None:
    assert imported(seed.LAB).policy == Policy.OBSERVE


def test_database_constrains_policies(local_azure: LocalAzure) -> None:
    instance = imported(seed.LAB)
    with pytest.raises(IntegrityError):
        SignalRInstance.objects.filter(pk=instance.pk).update(policy="unknown")


@pytest.mark.parametrize(("policy", "state"), [("observe", "is observe"), ("pause", "is pause")])
def test_starts_nothing_unless_the_policy_is_manage(
    local_azure: LocalAzure, policy: str, state: str
) -> None:
    instance = set_desired(imported(seed.LAB), "SystemAssigned")
    set_policy(instance, Policy(policy), who="ada")
    with pytest.raises(NotManaged, match=f"{state}.*set_policy {seed.LAB} manage"):
        start(instance)
    assert not Operation.objects.exists()


def test_pausing_stops_an_operation_before_its_next_step(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    drive_to(operation, "done")
    set_policy(operation.instance, Policy.PAUSE, who="ada")
    stage(operation)
    assert operation.state == Operation.State.CANCELLED
    assert [list(body) for body in patches(local_azure)] == [["identity"]]


def test_command_prints_the_change_and_audits_its_author(
    local_azure: LocalAzure,
) -> None:
    imported(seed.LAB)
    assert run("set_policy", seed.LAB, "manage").out == f"{seed.LAB}: manage.\n"
    assert run("set_policy", seed.LAB, "manage").out == f"{seed.LAB}: manage (unchanged).\n"
    event = AuditEvent.objects.get(action="set policy")
    assert (event.before, event.after) == ("observe", "manage")


def test_apply_of_an_observed_instance_names_the_command_to_run(local_azure: LocalAzure) -> None:
    instance = set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)
    set_policy(instance, Policy.OBSERVE, who="ada")
    outcome = run("apply", seed.LAB, "--yes")
    assert outcome.code == 1
    assert f"set_policy {seed.LAB} manage" in outcome.error
