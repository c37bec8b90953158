"""Faults of each call of an apply that grants an identity access to vaults."""

from __future__ import annotations

from typing import Any

import pytest

from identities.models import ManagedIdentity, SignalRInstance
from localazure import seed
from sync.inventory.refresh import refresh
from sync.models import Operation
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.faults.conftest import Count
from tests.localazure.rest import Arm
from tests.sync.inventory.key_vault.test_grants import POLICIES, ROLES, document, stored, template
from tests.sync.worker import drive, imported, set_desired, start

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

# Requests about vaults and role assignments of an apply that grants access to two vaults. The list
# of vaults has two pages.
CALLS = 15
OF_VAULTS = r"Microsoft\.KeyVault"


def begin(cloud: LocalAzure) -> Operation:
    instance = set_desired(imported(seed.LAB), "SystemAssigned", template(POLICIES, ROLES))
    refresh(instance)
    cloud.delete("/_local/requests")
    return start(SignalRInstance.objects.with_desired().get(pk=instance.pk))


def vault_requests(cloud: LocalAzure) -> list[dict[str, Any]]:
    return [one for one in cloud.requests() if "Microsoft.KeyVault" in one["path"]]


def test_apply_makes_the_expected_number_of_calls(local_azure: LocalAzure) -> None:
    assert drive(begin(local_azure)).state == "succeeded"
    assert len(vault_requests(local_azure)) == CALLS


@pytest.mark.parametrize(
    "fault",
    [{"status": 503}, {"status": 429}, {"drop": True}, {"drop": True, "after": True}],
    ids=["503", "throttled", "reset", "answer lost"],
)
@pytest.mark.parametrize("call", range(CALLS))
def test_apply_survives_a_fault_of_each_call_and_grants_once(
    local_azure: LocalAzure, count: Count, call: int, fault: dict[str, Any]
) -> None:
    count("call to a vault broken")
    operation = begin(local_azure)
    local_azure.post("/_local/faults", [{"path": OF_VAULTS, "skip": call, "times": 3} | fault])
    drive(operation)
    assert operation.state == "succeeded", operation.error_message
    local_azure.delete("/_local/faults")
    assert plan_instance(stored(operation.instance)).is_empty
    principal_id = ManagedIdentity.objects.get(instance=operation.instance).principal_id
    arm = Arm(local_azure, seed.CLIENT_ID, seed.CLIENT_SECRET)
    policies = document(arm, POLICIES)["properties"]["accessPolicies"]
    assert [policy["objectId"] for policy in policies] == [
        seed.CHAT_PRINCIPAL_ID,
        str(principal_id),
    ]
