from __future__ import annotations

from datetime import UTC, datetime

import pytest

from arm.errors import ServerFailed
from identities.models import KeyVault, SignalRInstance, VaultSecret
from localazure import seed
from sync.desired.management_policy import Policy, set_policy
from sync.inventory.key_vault import secrets
from sync.inventory.refresh import refresh
from sync.operations import periodic_jobs
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import drive, imported, set_desired, start

pytestmark = pytest.mark.django_db

FAR = datetime(2100, 1, 1, tzinfo=UTC)


def with_references(*references: str) -> SignalRInstance:
    """Set one template that names these secrets, each as vault/secret; return it refreshed."""
    named = "&".join(
        "{@Microsoft.KeyVault(SecretUri=https://"
        + reference.replace("/", ".vault.azure.net/secrets/")
        + ")}"
        for reference in references
    )
    templates = [{"urlTemplate": f"https://receiver.example/?{named}"}] if references else []
    instance = set_desired(imported(seed.LAB), "SystemAssigned", *templates)
    refresh(instance)
    return instance


def states() -> dict[str, str]:
    return {str(row): row.state for row in VaultSecret.objects.all()}


def test_checks_secrets_by_name(local_azure: LocalAzure) -> None:
    with_references(f"{seed.VAULT}/upstream-code", f"{seed.RBAC_VAULT}/no-such-code")
    secrets.check_secrets()
    assert states() == {
        f"{seed.VAULT}/upstream-code": "present",
        f"{seed.RBAC_VAULT}/no-such-code": "absent",
    }


def test_forgets_secrets_that_no_template_names(local_azure: LocalAzure) -> None:
    with_references(f"{seed.VAULT}/upstream-code")
    secrets.check_secrets()
    with_references()
    secrets.check_secrets()
    assert states() == {}


def test_checks_secrets_that_only_azures_templates_name(local_azure: LocalAzure) -> None:
    drive(start(with_stored_references(f"{seed.VAULT}/upstream-code")))
    with_references()
    secrets.check_secrets()
    assert list(states()) == [f"{seed.VAULT}/upstream-code"]


def with_stored_references(*references: str) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(pk=with_references(*references).pk)


def test_skips_paused_instances(local_azure: LocalAzure) -> None:
    set_policy(with_references(f"{seed.VAULT}/upstream-code"), Policy.PAUSE, who="ada")
    assert secrets.check_secrets() == []


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({"enabled": True}, "present"),
        ({"enabled": False}, "unusable"),
        ({"enabled": True, "exp": 1}, "outdated"),
        ({"enabled": False, "exp": 1}, "unusable"),
        ({"enabled": True, "exp": int(FAR.timestamp())}, "present"),
        ({"enabled": True, "nbf": int(FAR.timestamp())}, "outdated"),
    ],
)
def test_attributes_decide_the_state(
    local_azure: LocalAzure, attributes: dict[str, object], state: str
) -> None:
    with_references(f"{seed.VAULT}/upstream-code")
    body = {"name": "upstream-code", "properties": {"attributes": attributes}}
    fault = {"method": "GET", "path": "/secrets/", "status": 200, "body": body}
    local_azure.post("/_local/faults", [fault])
    secrets.check_secrets()
    assert states() == {f"{seed.VAULT}/upstream-code": state}


def fail_reads(cloud: LocalAzure, status: int) -> None:
    body = {"error": {"code": "No", "message": "No."}}
    fault = {"method": "GET", "path": "/secrets/", "status": status, "body": body, "times": None}
    cloud.post("/_local/faults", [fault])


def test_secret_that_signalman_may_not_see_is_unknown(local_azure: LocalAzure) -> None:
    with_references(f"{seed.VAULT}/upstream-code")
    fail_reads(local_azure, 403)
    secrets.check_secrets()
    assert states() == {f"{seed.VAULT}/upstream-code": "unknown"}


def test_failing_azure_keeps_the_last_status(local_azure: LocalAzure) -> None:
    with_references(f"{seed.VAULT}/upstream-code")
    assert periodic_jobs.check_secrets() == 1
    before = VaultSecret.objects.get().checked_at
    fail_reads(local_azure, 503)
    with pytest.raises(ServerFailed):
        secrets.check_secrets()
    assert periodic_jobs.check_secrets() == 0
    assert VaultSecret.objects.get().checked_at == before


def test_never_requests_a_secrets_value(local_azure: LocalAzure) -> None:
    drive(start(with_stored_references(f"{seed.VAULT}/upstream-code")))
    secrets.check_secrets()
    assert not [one for one in local_azure.requests() if one["path"].startswith("/keyvault/")]


def test_command_lists_references_with_their_status(local_azure: LocalAzure) -> None:
    with_references(f"{seed.VAULT}/upstream-code")
    outcome = run("key_vaults", seed.LAB, "--refresh", "--json")
    assert outcome.document == {
        "references": [
            {
                "instance": seed.LAB,
                "vault": seed.VAULT,
                "secret": "upstream-code",
                "grant": "None known",
                "state": "Present",
            }
        ]
    }


def test_command_names_pending_propagation(local_azure: LocalAzure) -> None:
    drive(start(with_stored_references(f"{seed.RBAC_VAULT}/upstream-code")))
    assert "Role assignment: propagating, until" in run("key_vaults").out


def test_command_adds_grants_of_named_instances_only(local_azure: LocalAzure) -> None:
    instance = with_stored_references(f"{seed.VAULT}/upstream-code")
    instance.declined_grants = [[seed.VAULT, "SystemAssigned"]]
    instance.save()
    assert run("key_vaults", "--add-grants").code == 1
    run("key_vaults", seed.LAB, "--add-grants")
    instance.refresh_from_db()
    assert instance.declined_grants == []


def test_finds_a_vault_that_was_moved(local_azure: LocalAzure) -> None:
    instance = with_references(f"{seed.VAULT}/upstream-code")
    KeyVault.objects.update(arm_id=KeyVault.objects.get().arm_id + "-before")
    refresh(instance)
    assert KeyVault.objects.get().arm_id.endswith(f"/{seed.VAULT}")
