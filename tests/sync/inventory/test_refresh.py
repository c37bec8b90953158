"""A refresh stores the observed state, and all that a diagnosis of the instance judges."""

from __future__ import annotations

from typing import Any

import pytest

from arm.errors import NotFound, ServerFailed
from arm.instance_state import IdentityState
from arm.request_bodies import identity_patch
from diagnosis.checklist import diagnose
from identities.models import ManagedIdentity, SignalRInstance, Subscription
from localazure import seed
from sync.azure_client import arm_client
from sync.desired.state import desired_state, observed_state
from sync.inventory.drift import drift_of
from sync.inventory.import_subscription import import_subscription
from sync.inventory.key_vault.secrets import check_secrets
from sync.inventory.refresh import refresh, refresh_subscription
from tests.cloud import LocalAzure
from upstreams.models import FunctionApp

pytestmark = pytest.mark.django_db

GROUP, APP, VAULT = "rg-refresh", "app-refresh", "kv-refresh"
REFERENCE = f"{{@Microsoft.KeyVault(SecretUri=https://{VAULT}.vault.azure.net/secrets/code)}}"
AUTH: dict[str, Any] = {
    "platform": {"enabled": True},
    "globalValidation": {"requireAuthentication": True, "unauthenticatedClientAction": "Return401"},
    "identityProviders": {
        "azureActiveDirectory": {
            "registration": {
                "openIdIssuer": f"https://sts.windows.net/{seed.TENANT_ID}/",
                "clientId": seed.UPSTREAM_APP_ID,
            },
            "validation": {"allowedAudiences": [seed.UPSTREAM_APP_URI]},
        }
    },
}
SITE: dict[str, Any] = {
    "name": APP,
    "resourceGroup": GROUP,
    "authsettingsV2": AUTH,
    "functions": {"echo": {"authLevel": "function"}},
}
SECRETS: dict[str, Any] = {"secrets": {"code": "secret"}}
APPLICATION = {
    "appId": seed.UPSTREAM_APP_ID,
    "displayName": "Upstream",
    "identifierUris": [seed.UPSTREAM_APP_URI],
}


def instance(name: str) -> dict[str, Any]:
    template = {
        "urlTemplate": f"https://{APP}.azurewebsites.net/api/echo?code={REFERENCE}",
        "auth": {
            "type": "ManagedIdentity",
            "managedIdentity": {"resource": seed.UPSTREAM_APP_URI},
        },
    }
    return {
        "name": name,
        "resourceGroup": GROUP,
        "identity": {"type": "SystemAssigned"},
        "properties": {"upstream": {"templates": [template]}},
    }


def vault(**properties: Any) -> dict[str, Any]:
    return {"name": VAULT, "resourceGroup": GROUP, "properties": properties}


def seeded(cloud: LocalAzure, *names: str) -> list[SignalRInstance]:
    """Import instances that send signed events to one app, with a key of one vault."""
    cloud.seed(
        instances=[instance(name) for name in names], sites=[SITE], vaults=[vault() | SECRETS]
    )
    import_subscription(seed.SUBSCRIPTION_ID)
    check_secrets()
    return list(SignalRInstance.objects.with_desired().filter(name__in=names))


def failed(name: str) -> set[str]:
    """Return the keys of the failed checks, without indexes."""
    found = [each.key for each in diagnose(stored(name)) if each.outcome == "fail"]
    return {key.rpartition("].")[2] for key in found if "grant" not in key}


def stored(name: str) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=name)


@pytest.mark.usefixtures("local_azure")
def test_refresh_reads_one_instance_and_stores_its_observed_state() -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    instance = stored(seed.LAB)
    desired = desired_state(instance)
    client = arm_client(seed.SUBSCRIPTION_ID)
    patch = identity_patch(IdentityState("SystemAssigned"))
    write = client.patch_instance(seed.PAYMENTS_GROUP, seed.LAB, patch)
    while not write.done and not client.poll(write.continuation).done:
        pass
    resource = refresh(instance)
    assert observed_state(instance) == resource.state == observed_state(stored(seed.LAB))
    assert stored(seed.LAB).identity.principal_id == resource.principal_id
    assert desired_state(stored(seed.LAB)) == desired


def test_refresh_is_one_request(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    local_azure.delete("/_local/requests")
    refresh(stored(seed.ORDERS))
    requests = local_azure.requests()
    assert len([each for each in requests if not each["path"].startswith("/v1.0/")]) == 1


def test_refresh_marks_a_deleted_instance_missing(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    gone = {"path": seed.LAB, "status": 404, "body": {"error": {"code": "ResourceNotFound"}}}
    local_azure.post("/_local/faults", [gone])
    with pytest.raises(NotFound):
        refresh(stored(seed.LAB))
    assert stored(seed.LAB).missing_since is not None


def test_invisible_subscription_does_not_mark_instances_missing(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    hidden = {"path": seed.LAB, "status": 404, "body": {"error": {"code": "SubscriptionNotFound"}}}
    local_azure.post("/_local/faults", [hidden])
    with pytest.raises(NotFound):
        refresh(stored(seed.LAB))
    assert stored(seed.LAB).missing_since is None


@pytest.mark.usefixtures("local_azure")
def test_refresh_keeps_a_concurrent_edit() -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    stale = stored(seed.LAB)
    stored(seed.LAB).identity.become(ManagedIdentity.Type.SYSTEM_ASSIGNED)
    refresh(stale)
    assert stored(seed.LAB).identity.type == "SystemAssigned"


def test_refreshing_a_subscription_adds_no_instances(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    local_azure.seed(instances=[{"name": "contoso-new", "resourceGroup": "rg"}])
    report = refresh_subscription(Subscription.objects.get())
    assert (report.created, set(report.unchanged)) == (
        (),
        {seed.CHAT, seed.ORDERS, seed.PAYMENTS, seed.LAB},
    )


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"sites": [SITE | {"properties": {"state": "Stopped"}}]}, "stopped"),
        ({"sites": [SITE | {"properties": {"publicNetworkAccess": "Disabled"}}]}, "private"),
        ({"sites": [SITE | {"properties": {"clientCertEnabled": True}}]}, "certificate_required"),
        (
            {"sites": [SITE | {"authsettingsV2": AUTH | {"platform": {"enabled": False}}}]},
            "authentication_off",
        ),
        ({"sites": [SITE | {"functions": {"other": {"authLevel": "function"}}}]}, "function"),
        (
            {
                "vaults": [
                    vault(
                        publicNetworkAccess="Disabled",
                        networkAcls={"defaultAction": "Deny", "bypass": "None"},
                    )
                    | SECRETS
                ]
            },
            "network",
        ),
        (
            {
                "vaults": [
                    vault()
                    | {"secrets": {"code": {"value": "x", "attributes": {"enabled": False}}}}
                ]
            },
            "secret",
        ),
        ({"applications": [APPLICATION | {"requestedAccessTokenVersion": 2}]}, "issuer_differs"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refresh_reads_what_changed_in_azure(
    change: dict[str, Any], check: str, local_azure: LocalAzure
) -> None:
    (row,) = seeded(local_azure, "refreshed")
    assert check not in failed("refreshed")
    local_azure.seed(**change)
    refresh(row)
    assert check in failed("refreshed")


def test_instances_that_share_an_app_read_it_once(local_azure: LocalAzure) -> None:
    rows = seeded(local_azure, "one", "two")
    local_azure.delete("/_local/requests")
    assert drift_of(rows).errors == ()
    paths = [each["path"].lower() for each in local_azure.requests("GET")]
    for shared in (f"/sites/{APP}/config/web", f"/vaults/{VAULT}/secrets/code"):
        assert len([path for path in paths if path.endswith(shared)]) == 1, paths


def test_refresh_of_an_instance_without_apps_and_secrets_reads_none(
    local_azure: LocalAzure,
) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    row = stored(seed.LAB)
    local_azure.delete("/_local/requests")
    refresh(row)
    assert not [each for each in local_azure.requests() if "Microsoft.Web" in each["path"]]


def test_app_that_may_not_be_read_fails_no_refresh(local_azure: LocalAzure) -> None:
    (row,) = seeded(local_azure, "refreshed")
    local_azure.post("/_local/faults", [{"path": "Microsoft.Web/", "status": 403, "times": None}])
    refresh(row)
    app = FunctionApp.objects.get(name=APP)
    assert (app.access, bool(app.access_problem), bool(app.problem)) == (None, True, True)


def test_outage_of_apps_fails_a_refresh_and_keeps_what_was_read(local_azure: LocalAzure) -> None:
    (row,) = seeded(local_azure, "refreshed")
    local_azure.post("/_local/faults", [{"path": "Microsoft.Web/", "status": 500, "times": None}])
    with pytest.raises(ServerFailed):
        refresh(row)
    assert FunctionApp.objects.get(name=APP).access is not None
