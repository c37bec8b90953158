"""The database refuses what cannot be known of a vault, a grant or a secret."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from identities.models import KeyVault, SignalRInstance, Subscription, VaultGrant, VaultSecret

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ARM_ID = "/subscriptions/1/resourceGroups/apps/providers/Microsoft.KeyVault/vaults/contoso"
FOUND = {"arm_id": ARM_ID, "uses_rbac": True, "tenant_id": uuid.uuid4(), "observed_at": NOW}


@pytest.fixture
def instance() -> SignalRInstance:
    subscription = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    return SignalRInstance.objects.create(
        name="chat-prod", subscription=subscription, resource_group="apps"
    )


@pytest.fixture
def vault() -> KeyVault:
    return KeyVault.objects.create(name="contoso", **FOUND)


def grant(instance: SignalRInstance, vault: KeyVault, **fields: object) -> VaultGrant:
    values = {"principal_id": uuid.uuid4(), "mechanism": "role_assignment", "observed_at": NOW}
    return VaultGrant.objects.create(instance=instance, vault=vault, **values | fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Contoso"} | FOUND,
        {"name": "contoso", "observed_at": NOW},
        {"name": "contoso"} | FOUND | {"uses_rbac": None},
        {"name": "contoso"} | FOUND | {"tenant_id": None},
    ],
)
def test_a_vault_is_known_whole_or_not_at_all(fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        KeyVault.objects.create(**fields)


def test_vault_that_was_not_found_has_a_reason_and_no_mechanism() -> None:
    row = KeyVault.objects.create(name="contoso", problem="Not there.", observed_at=NOW)
    assert row.mechanism is None
    with pytest.raises(ValueError, match="contoso was not found"):
        _ = row.subscription_id


def test_a_vault_whose_readers_are_not_known_has_no_mechanism(vault: KeyVault) -> None:
    assert vault.mechanism == "role_assignment"
    vault.problem = "Its role assignments were not read."
    assert vault.mechanism is None


def test_a_principal_has_one_grant_of_an_instance(
    instance: SignalRInstance, vault: KeyVault
) -> None:
    first = grant(instance, vault)
    with pytest.raises(IntegrityError):
        grant(instance, vault, principal_id=first.principal_id)


@pytest.mark.parametrize(
    "fields", [{"mechanism": "other"}, {"mechanism": "access_policy", "acts_from": NOW}]
)
def test_a_grant_is_of_a_known_kind(
    instance: SignalRInstance, vault: KeyVault, fields: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        grant(instance, vault, **fields)


def test_a_grant_says_what_it_waits_for_and_until_when(
    instance: SignalRInstance, vault: KeyVault
) -> None:
    row = grant(instance, vault, acts_from=NOW)
    earlier = NOW - timedelta(minutes=5)
    assert row.status(NOW) == "in effect"
    assert "propagating, until 2026-01-01 12:00 UTC" in row.status(earlier)
    assert list(VaultGrant.objects.propagating(earlier)) == [row]
    assert not VaultGrant.objects.propagating(NOW).exists()


def test_a_secret_has_one_state(vault: KeyVault) -> None:
    with pytest.raises(IntegrityError):
        VaultSecret.objects.create(vault=vault, name="code", state="lost", checked_at=NOW)


def test_vaults_and_grants_are_shown_and_not_edited(
    instance: SignalRInstance, vault: KeyVault, admin_client: Client
) -> None:
    row = grant(instance, vault, acts_from=NOW)
    VaultSecret.objects.create(vault=vault, name="upstream-code", state="absent", checked_at=NOW)
    grants = reverse("admin:identities_vaultgrant_changelist")
    assert "role assignment" in admin_client.get(grants).content.decode().lower()
    page = reverse("admin:identities_keyvault_change", args=[vault.pk])
    assert "upstream-code" in admin_client.get(page).content.decode()
    page = reverse("admin:identities_signalrinstance_change", args=[instance.pk])
    assert str(row.principal_id) in admin_client.get(page).content.decode()
    for model, pk in (("keyvault", vault.pk), ("vaultgrant", row.pk)):
        for action, arguments in (("add", []), ("delete", [pk])):
            address = reverse(f"admin:identities_{model}_{action}", args=arguments)
            assert admin_client.get(address).status_code == 403


def test_a_longer_list_of_grants_takes_no_more_queries(
    instance: SignalRInstance, vault: KeyVault, admin_client: Client
) -> None:
    address = reverse("admin:identities_vaultgrant_changelist")
    grant(instance, vault)
    with CaptureQueriesContext(connection) as few:
        admin_client.get(address)
    for _ in range(20):
        grant(instance, vault)
    with CaptureQueriesContext(connection) as many:
        admin_client.get(address)
    assert len(many) == len(few)
