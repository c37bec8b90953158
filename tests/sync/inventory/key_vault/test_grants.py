from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from arm.errors import ServerFailed
from identities.models import (
    KeyVault,
    ManagedIdentity,
    SignalRInstance,
    UserAssignedIdentity,
    VaultGrant,
)
from localazure import seed
from sync.azure_client import arm_client
from sync.components.grants import PROPAGATION_MINUTES
from sync.desired.grant_choices import desire_all_grants
from sync.desired.management_policy import Policy, set_policy
from sync.desired.sync_status import sync_status
from sync.errors import NeverRead
from sync.inventory.import_subscription import import_subscription
from sync.inventory.refresh import refresh, refresh_subscription
from sync.models import AuditEvent, Operation, SyncStatus
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm
from tests.localazure.service.upstream import Upstream, serving
from tests.sync.worker import drive, imported, set_desired, stage, start
from upstreams.url_templates.arm_json import load_templates

pytestmark = pytest.mark.django_db

POLICIES, ROLES = seed.VAULT, seed.RBAC_VAULT
VAULT_GROUPS = {POLICIES: seed.REALTIME_GROUP, ROLES: seed.PAYMENTS_GROUP}


def template(*vaults: str, host: str = "https://receiver.example/") -> dict[str, Any]:
    secrets = "&".join(
        f"{vault}={{@Microsoft.KeyVault(SecretUri=https://{vault}.vault.azure.net/secrets/"
        "upstream-code)}"
        for vault in vaults
    )
    return {"urlTemplate": f"{host}?{secrets}"}


def with_references(name: str, kind: str, *vaults: str) -> SignalRInstance:
    """Set an identity and a template that names a secret of each vault; return it refreshed."""
    instance = set_desired(imported(name), kind, template(*vaults))
    refresh(instance)
    return stored(instance)


def with_user_assigned(name: str, identity: str, *vaults: str) -> SignalRInstance:
    """Do the same with a user-assigned identity."""
    import_subscription(seed.SUBSCRIPTION_ID)
    instance = stored(SignalRInstance.objects.get(name=name))
    set_policy(instance, Policy.MANAGE, who="ada")
    identity_row = UserAssignedIdentity.objects.get(name=identity)
    instance.identity.become(ManagedIdentity.Type.USER_ASSIGNED, identity_row)
    load_templates(instance, [template(*vaults)])
    refresh(instance)
    return stored(instance)


def stored(instance: SignalRInstance) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(pk=instance.pk)


def vault_id(name: str) -> str:
    return seed.resource_id(VAULT_GROUPS[name], "Microsoft.KeyVault/vaults", name)


def writes(cloud: LocalAzure) -> list[str]:
    """Return the last two segments of the path of each write, in order."""
    entries = [one for one in cloud.requests() if one["method"] in {"PUT", "PATCH", "DELETE"}]
    paths = [one["path"].partition("?")[0] for one in entries if "/_local/" not in one["path"]]
    return ["/".join(path.split("/")[-2:]) for path in paths]


def kinds(operation: Operation) -> list[str]:
    return [step.kind for step in operation.steps.all()]


def document(arm: Arm, name: str) -> dict[str, Any]:
    """Return a vault as Azure has it."""
    found: dict[str, Any] = arm.document(vault_id(name), "2023-07-01")
    return found


def without_new_policies(vault: dict[str, Any]) -> str:
    """Return as JSON all of a vault but the access policies after the first."""
    vault = copy.deepcopy(vault)
    vault["properties"]["accessPolicies"] = vault["properties"]["accessPolicies"][:1]
    del vault["systemData"]
    return json.dumps(vault)


@pytest.fixture
def arm(local_azure: LocalAzure) -> Arm:
    return Arm(local_azure, seed.CLIENT_ID, seed.CLIENT_SECRET)


def test_grants_access_after_the_identity_and_before_its_templates(
    local_azure: LocalAzure,
) -> None:
    operation = drive(start(with_references(seed.LAB, "SystemAssigned", POLICIES)))
    assert operation.state == "succeeded", operation.error_message
    assert kinds(operation) == ["identity", "grants", "templates"]
    assert writes(local_azure) == [
        f"signalR/{seed.LAB}",
        "accessPolicies/add",
        f"signalR/{seed.LAB}",
    ]


def test_keeps_other_access_policies_of_the_vault(arm: Arm) -> None:
    before = document(arm, POLICIES)
    drive(start(with_references(seed.LAB, "SystemAssigned", POLICIES)))
    after = document(arm, POLICIES)
    assert without_new_policies(after) == without_new_policies(before)
    principal_id = ManagedIdentity.objects.get(instance__name=seed.LAB).principal_id
    assert after["properties"]["accessPolicies"][1:] == [
        {
            "tenantId": seed.TENANT_ID,
            "objectId": str(principal_id),
            "permissions": {"secrets": ["get"]},
        }
    ]


@pytest.mark.parametrize("vaults", [(POLICIES,), (ROLES,), (POLICIES, ROLES)])
def test_plan_after_an_apply_with_grants_is_empty(
    local_azure: LocalAzure, vaults: tuple[str, ...]
) -> None:
    operation = drive(start(with_references(seed.LAB, "SystemAssigned", *vaults)))
    assert operation.state == "succeeded", operation.error_message
    instance = stored(operation.instance)
    assert plan_instance(instance).is_empty
    refresh_subscription(instance.subscription)
    assert plan_instance(stored(instance)).is_empty
    assert sync_status(stored(instance)) == SyncStatus.SYNCED


def test_waits_for_propagation_of_a_role_assignment(local_azure: LocalAzure) -> None:
    operation = drive(start(with_references(seed.LAB, "SystemAssigned", ROLES)))
    assert operation.state == "succeeded", operation.error_message
    grant = VaultGrant.objects.get(instance=operation.instance)
    assert grant.mechanism == "role_assignment"
    assert grant.granted_at is not None
    assert grant.acts_from == grant.granted_at + timedelta(minutes=PROPAGATION_MINUTES)
    assert grant.is_propagating(timezone.now())
    assert not grant.is_propagating(timezone.now() + timedelta(minutes=31))


def test_grants_access_to_a_known_principal_before_the_switch_to_it(
    local_azure: LocalAzure,
) -> None:
    operation = drive(start(with_user_assigned(seed.CHAT, seed.SHARED_IDENTITY, POLICIES)))
    assert operation.state == "succeeded", operation.error_message
    assert kinds(operation) == ["grants", "identity", "templates"]
    assert writes(local_azure)[0] == "accessPolicies/add"
    grant = VaultGrant.objects.get(instance=operation.instance)
    assert grant.principal_id == UUID(seed.SHARED_PRINCIPAL_ID)


def test_vault_that_cannot_be_found_is_a_warning(
    local_azure: LocalAzure,
) -> None:
    instance = with_references(seed.LAB, "SystemAssigned", "vault-of-others")
    planned = plan_instance(instance)
    assert [step.kind for step in planned.steps] == ["identity", "templates"]
    assert "No grant is planned for vault-of-others" in planned.steps[1].warnings[0]
    assert "the role Reader" in KeyVault.objects.get(name="vault-of-others").problem
    operation = drive(start(instance))
    assert operation.state == "succeeded", operation.error_message
    assert plan_instance(stored(instance)).is_empty


def test_looks_up_unknown_vaults_before_planning(
    local_azure: LocalAzure,
) -> None:
    instance = set_desired(imported(seed.LAB), "SystemAssigned", template(POLICIES))
    with pytest.raises(NeverRead, match=f"the vault {POLICIES}, which Signalman has not read"):
        plan_instance(instance)
    refresh(instance)
    assert [step.kind for step in plan_instance(stored(instance)).steps][1] == "grants"


def test_does_not_repeat_a_grant_made_meanwhile(local_azure: LocalAzure, arm: Arm) -> None:
    operation = start(with_user_assigned(seed.CHAT, seed.SHARED_IDENTITY, POLICIES))
    vault = arm_client(seed.SUBSCRIPTION_ID).vaults.get(vault_id(POLICIES))
    arm_client(seed.SUBSCRIPTION_ID).vaults.let_read_secrets(vault, UUID(seed.SHARED_PRINCIPAL_ID))
    local_azure.delete("/_local/requests")
    assert drive(operation).state == "succeeded", operation.error_message
    assert "accessPolicies/add" not in writes(local_azure)


def test_grant_whose_answer_was_lost_is_written_once(local_azure: LocalAzure, arm: Arm) -> None:
    local_azure.post(
        "/_local/faults",
        [{"method": "PUT", "path": "accessPolicies", "drop": True, "after": True}],
    )
    operation = drive(start(with_references(seed.LAB, "SystemAssigned", POLICIES)))
    assert operation.state == "succeeded", operation.error_message
    assert len(document(arm, POLICIES)["properties"]["accessPolicies"]) == 2
    assert writes(local_azure).count("accessPolicies/add") == 1


def refuse(cloud: LocalAzure, path: str, status: int, code: str, times: int | None = None) -> None:
    body = {"error": {"code": code, "message": "No."}}
    fault = {"method": "PUT", "path": path, "status": status, "body": body, "times": times}
    cloud.post("/_local/faults", [fault])


def test_refusal_names_the_missing_role(
    local_azure: LocalAzure,
) -> None:
    refuse(local_azure, "roleAssignments", 403, "AuthorizationFailed")
    operation = drive(start(with_references(seed.LAB, "SystemAssigned", ROLES)))
    assert (operation.state, operation.error_code) == ("failed", "AuthorizationFailed")
    assert "Role Based Access Control Administrator" in operation.error_message
    assert [step.state for step in operation.steps.all()] == ["done", "failed", "pending"]


def test_retries_a_principal_that_the_directory_does_not_know_yet(local_azure: LocalAzure) -> None:
    refuse(local_azure, "roleAssignments", 400, "PrincipalNotFound", times=2)
    operation = drive(start(with_references(seed.LAB, "SystemAssigned", ROLES)))
    assert operation.state == "succeeded", operation.error_message
    assert [path for path in writes(local_azure) if "roleAssignments" in path] != []


def test_vault_switched_to_roles_after_the_plan_makes_it_stale(arm: Arm) -> None:
    operation = start(with_user_assigned(seed.CHAT, seed.SHARED_IDENTITY, POLICIES))
    body = {"properties": {"enableRbacAuthorization": True}}
    arm.call("PATCH", vault_id(POLICIES), body, "2023-07-01").raise_for_status()
    drive(operation)
    assert (operation.state, operation.error_code) == ("failed", "StalePlan")
    assert "changed after the plan was created" in operation.error_message
    assert drive(start(stored(operation.instance))).state == "succeeded"


def test_revoked_grant_is_drift(local_azure: LocalAzure, arm: Arm) -> None:
    instance = drive(start(with_references(seed.LAB, "SystemAssigned", POLICIES))).instance
    given = document(arm, POLICIES)["properties"]["accessPolicies"][1:]
    body = {"properties": {"accessPolicies": given}}
    path = f"{vault_id(POLICIES)}/accessPolicies/remove"
    arm.call("PUT", path, body, "2023-07-01").raise_for_status()
    refresh(stored(instance))
    assert sync_status(stored(instance)) == SyncStatus.OUT_OF_SYNC
    assert not VaultGrant.objects.exists()
    assert [step.kind for step in plan_instance(stored(instance)).steps] == ["grants"]


def seed_naming(cloud: LocalAzure, *names: str, vault: str = ROLES) -> None:
    """Add instances to Azure whose templates name a secret that they may not read."""
    templates = [template(vault) | {"hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"}]
    one = {
        "resourceGroup": seed.REALTIME_GROUP,
        "identity": {"type": "SystemAssigned"},
        "properties": {"upstream": {"templates": templates}},
    }
    cloud.seed(instances=[one | {"name": name} for name in names])


def test_import_desires_no_missing_grants(local_azure: LocalAzure) -> None:
    seed_naming(local_azure, "contoso-closed")
    import_subscription(seed.SUBSCRIPTION_ID)
    instance = stored(SignalRInstance.objects.get(name="contoso-closed"))
    assert plan_instance(instance).is_empty
    assert desire_all_grants(instance, who="ada")
    assert [step.kind for step in plan_instance(stored(instance)).steps] == ["grants"]
    assert AuditEvent.objects.get(action="choose grants").who == "ada"
    assert not desire_all_grants(instance, who="ada")


def test_accepting_drift_desires_no_missing_grants(local_azure: LocalAzure) -> None:
    seed_naming(local_azure, "contoso-closed")
    import_subscription(seed.SUBSCRIPTION_ID)
    instance = stored(SignalRInstance.objects.get(name="contoso-closed"))
    desire_all_grants(instance, who="ada")
    import_subscription(seed.SUBSCRIPTION_ID, accept=True)
    assert plan_instance(stored(instance)).is_empty


def vault_requests(cloud: LocalAzure) -> list[str]:
    return [
        entry["path"]
        for entry in cloud.requests("GET")
        if "KeyVault" in entry["path"] or "roleAssignments" in entry["path"]
    ]


def test_fleet_without_references_sends_no_vault_requests(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    assert vault_requests(local_azure) == []


def test_reads_each_vault_once_per_fleet(local_azure: LocalAzure) -> None:
    seed_naming(local_azure, *(f"contoso-{number}" for number in range(5)), vault=POLICIES)
    import_subscription(seed.SUBSCRIPTION_ID)
    # One list of two pages: Key Vault names a next page even where it is empty.
    assert len(set(vault_requests(local_azure))) == 1
    assert len(vault_requests(local_azure)) == 2


def test_unreadable_role_assignments_are_a_problem_of_the_vault(
    local_azure: LocalAzure,
) -> None:
    body = {"error": {"code": "AuthorizationFailed", "message": "No."}}
    fault = {"method": "GET", "path": "roleAssignments", "status": 403, "body": body, "times": None}
    local_azure.post("/_local/faults", [fault])
    instance = with_references(seed.CHAT, "SystemAssigned", ROLES)
    assert "role assignments could not be read" in KeyVault.objects.get(name=ROLES).problem
    assert [step.kind for step in plan_instance(instance).steps] == ["templates"]


def test_transient_read_error_does_not_change_the_status(
    local_azure: LocalAzure,
) -> None:
    instance = set_desired(imported(seed.LAB), "SystemAssigned", template(POLICIES))
    fault = {"method": "GET", "path": "KeyVault", "status": 503, "times": None}
    local_azure.post("/_local/faults", [fault])
    with pytest.raises(ServerFailed):
        refresh(instance)
    assert not KeyVault.objects.exists()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving() as one:
        yield one


@pytest.mark.parametrize(
    ("vault", "secret"), [(POLICIES, "code-from-the-vault"), (ROLES, "code-from-the-other-vault")]
)
def test_event_arrives_with_the_secret_after_the_grant(
    local_azure: LocalAzure, upstream: Upstream, vault: str, secret: str
) -> None:
    named = {"hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"}
    seed_naming(local_azure, "contoso-closed", vault=vault)
    instance = imported("contoso-closed")
    load_templates(instance, [template(vault, host=f"{upstream.url}/") | named])
    set_policy(instance, Policy.MANAGE, who="ada")
    drive(start(stored(instance)))
    event = {"instance": "contoso-closed", "hub": "h", "category": "messages", "event": "e"}
    refused = local_azure.post("/_local/events", event)
    assert "may not read the secrets" in refused["error"]
    assert upstream.received == []

    desire_all_grants(instance, who="ada")
    assert drive(start(stored(instance))).state == "succeeded"
    local_azure.post("/_local/events", event)
    assert [one.path for one in upstream.received] == [f"/?{vault}={secret}"]


def test_switch_to_a_known_principal_loses_no_event(
    local_azure: LocalAzure, upstream: Upstream
) -> None:
    anything = {"hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"}
    named = template(POLICIES, host=f"{upstream.url}/") | anything
    identity = {"type": "SystemAssigned", "principalId": seed.CHAT_PRINCIPAL_ID}
    local_azure.seed(
        instances=[
            {
                "name": "contoso-switch",
                "resourceGroup": seed.REALTIME_GROUP,
                "identity": identity,
                "properties": {"upstream": {"templates": [named]}},
            }
        ]
    )
    import_subscription(seed.SUBSCRIPTION_ID)
    instance = stored(SignalRInstance.objects.get(name="contoso-switch"))
    set_policy(instance, Policy.MANAGE, who="ada")
    shared = UserAssignedIdentity.objects.get(name=seed.SHARED_IDENTITY)
    instance.identity.become(ManagedIdentity.Type.USER_ASSIGNED, shared)
    operation = start(stored(instance))
    event = {"instance": "contoso-switch", "hub": "h", "category": "messages", "event": "e"}
    sent = 0
    while not operation.is_finished:
        local_azure.post("/_local/events", event)
        sent += 1
        stage(operation)
    assert operation.state == "succeeded", operation.error_message
    assert [one.path for one in upstream.received] == [f"/?{POLICIES}=code-from-the-vault"] * sent
