"""Whether the service can connect to apps and vaults, where Signalman may not have read it."""

from __future__ import annotations

import pytest

from arm.errors import NotFound
from arm.function_apps.site_access import SiteAccess
from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import KeyVault, SignalRInstance
from localazure import seed
from sync.inventory.function_apps import refresh_function_app
from sync.inventory.import_subscription import import_subscription
from sync.inventory.refresh import refresh
from tests.cloud import LocalAzure
from upstreams.models import FunctionApp

pytestmark = pytest.mark.django_db

GROUP, APP, VAULT = "rg-cases", "app-cases", "kv-cases"
APP_ID = seed.resource_id(GROUP, "Microsoft.Web/sites", APP)
VAULT_ID = seed.resource_id(GROUP, "Microsoft.KeyVault/vaults", VAULT)
REFERENCE = f"{{@Microsoft.KeyVault(SecretUri=https://{VAULT}.vault.azure.net/secrets/code)}}"


def plant(cloud: LocalAzure, *, is_private: bool = True) -> SignalRInstance:
    """Import an instance that sends to an app, with a secret of a vault in the URL."""
    access = {"publicNetworkAccess": "Disabled"} if is_private else {}
    closed = access and access | {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}
    url = f"https://{APP}.azurewebsites.net/api/x?code={REFERENCE}"
    template = {"urlTemplate": url, "hubPattern": "*", "categoryPattern": "*", "eventPattern": "*"}
    cloud.seed(
        instances=[
            {
                "name": "case",
                "resourceGroup": GROUP,
                "identity": {"type": "SystemAssigned"},
                "properties": {"upstream": {"templates": [template]}},
            }
        ],
        sites=[{"name": APP, "resourceGroup": GROUP, "properties": access}],
        vaults=[{"name": VAULT, "resourceGroup": GROUP, "properties": closed}],
    )
    import_subscription(seed.SUBSCRIPTION_ID)
    return SignalRInstance.objects.get(name="case")


def findings(instance: SignalRInstance) -> dict[str, Finding]:
    fresh = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    return {each.key: each for each in diagnose(fresh)}


def outcome(instance: SignalRInstance, key: str) -> str:
    found = findings(instance)
    assert key in found, sorted(found)
    return found[key].outcome


REACHABLE, PRIVATE = f"function_apps[{APP}].reachable", f"function_apps[{APP}].private"
VAULT_NETWORK = f"templates[0].key_vault[{VAULT}/code].network"


def test_what_was_not_read_is_unknown(local_azure: LocalAzure) -> None:
    instance = plant(local_azure)
    FunctionApp.objects.update(access=None, access_observed_at=None)
    KeyVault.objects.update(network=None)
    found = findings(instance)
    assert found[REACHABLE].outcome == found[VAULT_NETWORK].outcome == "unknown"
    assert f"function_apps {APP} --refresh" in found[REACHABLE].fix
    assert "key_vaults case --refresh" in found[VAULT_NETWORK].fix


def test_private_endpoints_that_were_not_read_are_unknown(local_azure: LocalAzure) -> None:
    instance = plant(local_azure)
    assert (outcome(instance, PRIVATE), outcome(instance, VAULT_NETWORK)) == ("fail", "fail")
    SignalRInstance.objects.update(private_links=None)
    assert (outcome(instance, PRIVATE), outcome(instance, VAULT_NETWORK)) == ("unknown", "unknown")


def test_refresh_reads_shared_private_links(local_azure: LocalAzure) -> None:
    instance = plant(local_azure)
    properties = {"groupId": "sites", "privateLinkResourceId": APP_ID, "status": "Approved"}
    to_vault = properties | {"groupId": "vault", "privateLinkResourceId": VAULT_ID}
    links = [{"name": "one", "properties": each} for each in (properties, to_vault)]
    template = {"urlTemplate": f"https://{APP}.azurewebsites.net/api/x?code={REFERENCE}"}
    local_azure.seed(
        instances=[
            {
                "name": "case",
                "resourceGroup": GROUP,
                "identity": {"type": "SystemAssigned"},
                "properties": {
                    "upstream": {"templates": [template]},
                    "sharedPrivateLinkResources": links,
                },
            }
        ]
    )
    refresh(instance)
    assert (outcome(instance, REACHABLE), outcome(instance, VAULT_NETWORK)) == ("pass", "pass")


def test_refresh_of_app_reads_that_it_was_stopped(local_azure: LocalAzure) -> None:
    instance = plant(local_azure, is_private=False)
    assert outcome(instance, REACHABLE) == "pass"
    local_azure.seed(
        sites=[{"name": APP, "resourceGroup": GROUP, "properties": {"state": "Stopped"}}]
    )
    refresh_function_app(FunctionApp.objects.get(name=APP))
    assert outcome(instance, f"function_apps[{APP}].stopped") == "fail"


@pytest.mark.parametrize(
    ("arm_id", "is_web_app", "command"),
    [
        (APP_ID, False, f"az functionapp start --name {APP} --resource-group {GROUP}."),
        (APP_ID, True, f"az webapp start --name {APP} --resource-group {GROUP}."),
        (
            f"{APP_ID}/slots/staging",
            False,
            f"az functionapp start --name {APP} --resource-group {GROUP} --slot staging.",
        ),
    ],
)
def test_fix_names_the_slot_and_the_kind_of_app(
    local_azure: LocalAzure, arm_id: str, is_web_app: bool, command: str
) -> None:
    instance = plant(local_azure, is_private=False)
    app = FunctionApp.objects.get(name=APP)
    app.arm_id, app.is_web_app = arm_id, is_web_app
    app.access = SiteAccess(status="stopped").to_json()
    app.save()
    assert command in findings(instance)[f"function_apps[{app}].stopped"].fix


def test_configuration_that_may_not_be_read_is_unknown(local_azure: LocalAzure) -> None:
    instance = plant(local_azure, is_private=False)
    fault = {"method": "GET", "path": ".*/config/web", "status": 403, "times": 1}
    local_azure.post("/_local/faults", [fault])
    refresh_function_app(FunctionApp.objects.get(name=APP))
    app = FunctionApp.objects.get(name=APP)
    assert app.access is None
    assert app.auth is not None
    assert findings(instance)[REACHABLE].evidence == app.access_problem


def test_deleted_app_has_no_access(local_azure: LocalAzure) -> None:
    plant(local_azure, is_private=False)
    app = FunctionApp.objects.get(name=APP)
    app.arm_id = f"{APP_ID}-gone"
    app.save()
    with pytest.raises(NotFound):
        refresh_function_app(app)
    app.refresh_from_db()
    assert app.access is None
    assert app.missing_since is not None
