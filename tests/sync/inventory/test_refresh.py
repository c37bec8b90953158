"""A refresh of one instance reads all that a diagnosis of it judges."""

from __future__ import annotations

from typing import Any

import pytest

from arm.errors import ServerFailed
from diagnosis.checklist import diagnose
from identities.models import SignalRInstance
from localazure import seed
from sync.inventory.drift import drift_of
from sync.inventory.import_instances import import_subscription, refresh
from sync.inventory.key_vault.secrets import check_secrets
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
    row = SignalRInstance.objects.with_desired().get(name=name)
    found = [each.key for each in diagnose(row) if each.outcome == "fail"]
    return {key.rpartition("].")[2] for key in found if "grant" not in key}


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
    row = SignalRInstance.objects.with_desired().get(name=seed.LAB)
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
