"""A reference works only where the identity may read the secret, and the secret is there."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import KeyVault, SignalRInstance, Subscription, VaultGrant, VaultSecret
from sync.desired.state import desired_state
from tests.sync.states import reference
from upstreams.models import UpstreamTemplate

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRINCIPAL = uuid.uuid4()


@pytest.fixture
def instance() -> SignalRInstance:
    """An instance whose template names a secret."""
    subscription = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    instance = SignalRInstance.objects.create(
        name="chat-prod", subscription=subscription, resource_group="apps"
    )
    instance.identity.type = "SystemAssigned"
    instance.identity.principal_id = PRINCIPAL
    instance.identity.save()
    url = f"https://receiver.example/?code={reference('contoso-vault')}"
    UpstreamTemplate.objects.create(instance=instance, position=0, url_template=url)
    instance.observed = desired_state(instance).to_json()
    instance.save()
    return instance


def vault(**fields: object) -> KeyVault:
    arm_id = (
        f"/subscriptions/{uuid.uuid4()}/resourceGroups/apps/providers"
        "/Microsoft.KeyVault/vaults/contoso-vault"
    )
    known = {"arm_id": arm_id, "tenant_id": uuid.uuid4(), "uses_rbac": False, "observed_at": NOW}
    return KeyVault.objects.create(**{"name": "contoso-vault"} | known | fields)


def grant_access(instance: SignalRInstance, into: KeyVault, **fields: object) -> None:
    mechanism = "role_assignment" if into.uses_rbac else "access_policy"
    values = {"principal_id": PRINCIPAL, "mechanism": mechanism, "observed_at": NOW} | fields
    VaultGrant.objects.create(instance=instance, vault=into, **values)


def finding(instance: SignalRInstance, what: str) -> Finding:
    instance = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    key = f"templates[0].key_vault[contoso-vault/code].{what}"
    (found,) = [one for one in diagnose(instance, NOW) if one.key == key]
    return found


def test_passes_for_identity_with_grant(instance: SignalRInstance) -> None:
    grant_access(instance, vault())
    assert finding(instance, "grant").outcome == "pass"


def test_fails_for_missing_grant_that_the_plan_creates(instance: SignalRInstance) -> None:
    vault()
    found = finding(instance, "grant")
    assert found.outcome == "fail"
    assert f"no access policy that allows {PRINCIPAL}" in found.evidence
    assert "manage.py apply chat-prod" in found.fix


def test_declined_grant_has_to_be_added_to_the_plan(
    instance: SignalRInstance,
) -> None:
    vault()
    instance.declined_grants = [["contoso-vault", "SystemAssigned"]]
    instance.save()
    assert "--add-grants" in finding(instance, "grant").fix


def test_a_grant_to_another_principal_is_none(instance: SignalRInstance) -> None:
    grant_access(instance, vault(), principal_id=uuid.uuid4())
    assert finding(instance, "grant").outcome == "fail"


@pytest.mark.parametrize(("minutes", "outcome"), [(1, "unknown"), (0, "pass"), (-1, "pass")])
def test_a_role_assignment_is_waited_for(
    instance: SignalRInstance, minutes: int, outcome: str
) -> None:
    acts_from = NOW + timedelta(minutes=minutes)
    grant_access(instance, vault(uses_rbac=True), acts_from=acts_from)
    found = finding(instance, "grant")
    assert found.outcome == outcome
    assert ("propagating" in found.evidence) == (outcome == "unknown")


def test_vault_that_was_not_read_is_unknown(instance: SignalRInstance) -> None:
    found = finding(instance, "grant")
    assert (found.outcome, "--refresh" in found.fix) == ("unknown", True)


def test_a_vault_that_cannot_be_read_is_unknown_with_the_reason(instance: SignalRInstance) -> None:
    vault(arm_id="", problem="Signalman may not see it.")
    found = finding(instance, "grant")
    assert (found.outcome, found.evidence) == ("unknown", "Signalman may not see it.")
    assert str(PRINCIPAL) in found.fix


def test_an_instance_without_an_identity_fails(instance: SignalRInstance) -> None:
    vault()
    instance.identity.type = "None"
    instance.identity.save()
    assert instance.observed is not None
    instance.observed["identity"] = {"type": "None", "user_assigned_id": None}
    instance.save()
    found = finding(instance, "grant")
    assert (found.outcome, found.fix) == (
        "fail",
        "Turn on the system-assigned identity, or add a user-assigned identity.",
    )


def test_a_principal_that_is_not_known_is_unknown(instance: SignalRInstance) -> None:
    vault()
    instance.identity.principal_id = None
    instance.identity.save()
    assert finding(instance, "grant").outcome == "unknown"


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("present", "pass"),
        ("absent", "fail"),
        ("unusable", "fail"),
        ("outdated", "unknown"),
        ("unknown", "unknown"),
    ],
)
def test_a_secret_is_as_management_says(
    instance: SignalRInstance, state: str, outcome: str
) -> None:
    VaultSecret.objects.create(vault=vault(), name="code", state=state, checked_at=NOW)
    assert finding(instance, "secret").outcome == outcome


def test_secret_that_was_not_read_is_unknown(instance: SignalRInstance) -> None:
    assert finding(instance, "secret").outcome == "unknown"
