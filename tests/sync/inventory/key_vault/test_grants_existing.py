"""Grants of instances that are created, deleted, or missing."""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from arm.errors import NotFound
from identities.models import VaultGrant
from localazure import seed
from sync.desired.deletion_protection import protect
from sync.inventory.refresh import refresh, refresh_subscription
from sync.operations.start import start_delete
from tests.cloud import LocalAzure
from tests.localazure.rest import CHAT_ID, Arm
from tests.sync.inventory.key_vault.test_grants import (
    POLICIES,
    document,
    with_references,
    with_user_assigned,
)
from tests.sync.worker import drive, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def arm(local_azure: LocalAzure) -> Arm:
    return Arm(local_azure, seed.CLIENT_ID, seed.CLIENT_SECRET)


def test_deletion_leaves_the_vault_unchanged(local_azure: LocalAzure, arm: Arm) -> None:
    instance = drive(start(with_references(seed.LAB, "SystemAssigned", POLICIES))).instance
    protect(instance, who="ada", is_protected=False)
    before = document(arm, POLICIES)
    operation = start_delete(instance, confirm=instance.name, actor=Actor("ada"))
    assert drive(operation).state == "succeeded", operation.error_message
    assert document(arm, POLICIES) == before
    assert not VaultGrant.objects.exists()


@pytest.mark.parametrize("look", ["one", "all"])
def test_grants_of_a_missing_instance_are_deleted(
    local_azure: LocalAzure, arm: Arm, look: str
) -> None:
    instance = drive(start(with_user_assigned(seed.CHAT, seed.SHARED_IDENTITY, POLICIES))).instance
    assert VaultGrant.objects.count() == 1
    local_azure.post("/_local/operations", {"seconds": 0})
    arm.call("DELETE", CHAT_ID).raise_for_status()
    if look == "one":
        with pytest.raises(NotFound):
            refresh(instance)
    else:
        refresh_subscription(instance.subscription)
    assert not VaultGrant.objects.exists()
