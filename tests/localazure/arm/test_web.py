from __future__ import annotations

import pytest

from localazure import seed
from tests.localazure.rest import Arm

VERSION = "2025-05-01"
SITE_ID = seed.resource_id(seed.REALTIME_GROUP, "Microsoft.Web/sites", seed.FUNCTION_APP)
V2 = f"{SITE_ID}/config/authsettingsV2"
CLASSIC = f"{SITE_ID}/config/authsettings"


def test_seeded_app_has_v2_issuer(arm: Arm) -> None:
    for path in (V2, f"{V2}/list"):
        providers = arm.document(path, VERSION)["properties"]["identityProviders"]
        issuer = providers["azureActiveDirectory"]["registration"]["openIdIssuer"]
        assert issuer.endswith("/v2.0")


def test_writes_v2_settings_whole(arm: Arm) -> None:
    body = {"properties": {"platform": {"enabled": True}}}
    written = arm.call("PUT", V2, body, VERSION).json()["properties"]
    assert written["platform"] == {"enabled": True}
    assert written["identityProviders"] == {}
    assert arm.document(V2, VERSION)["properties"] == written


def test_lists_classic_settings_by_post(arm: Arm) -> None:
    before = arm.call("POST", f"{CLASSIC}/list", version=VERSION).json()["properties"]
    assert (before["enabled"], before["configVersion"], before["issuer"]) == (False, "v2", None)
    settings = {"enabled": True, "issuer": f"https://sts.windows.net/{seed.TENANT_ID}/"}
    arm.call("PUT", CLASSIC, {"properties": settings}, VERSION)
    after = arm.call("POST", f"{CLASSIC}/list", version=VERSION).json()["properties"]
    assert after == before | settings | {"configVersion": "v1"}


@pytest.mark.parametrize("path", [V2, CLASSIC])
def test_refuses_unknown_setting(arm: Arm, path: str) -> None:
    answer = arm.call("PUT", path, {"properties": {"surprise": True}}, VERSION)
    assert (answer.status_code, "surprise" in answer.text) == (400, True)


def test_lists_sites_with_host(arm: Arm) -> None:
    path = f"/subscriptions/{seed.SUBSCRIPTION_ID}/providers/Microsoft.Web/sites"
    (site,) = arm.document(path, VERSION)["value"]
    assert site["properties"]["defaultHostName"] == f"{seed.FUNCTION_APP}.azurewebsites.net"


def test_creates_site(arm: Arm) -> None:
    path = SITE_ID.replace(seed.FUNCTION_APP, "contoso-more")
    created = arm.call("PUT", path, {"location": "westeurope"}, VERSION).json()
    assert created["name"] == "contoso-more"
    assert arm.document(f"{path}/config/authsettingsV2", VERSION)["properties"]["platform"] == {
        "enabled": False,
        "runtimeVersion": "~1",
    }


def test_old_version_hides_new_properties(arm: Arm) -> None:
    old = arm.document(SITE_ID, "2019-08-01")["properties"]
    new = arm.document(SITE_ID, VERSION)["properties"]
    assert "publicNetworkAccess" in new
    assert "publicNetworkAccess" not in old
    assert "keyVaultReferenceIdentity" not in old["siteConfig"]


def test_site_belongs_to_plan(arm: Arm) -> None:
    group = SITE_ID.split("/providers/")[0]
    plan_id = f"{group}/providers/Microsoft.Web/serverfarms/plan-one"
    plan = {"location": "westeurope", "sku": {"name": "P1v2"}}
    assert arm.call("PUT", plan_id, plan, VERSION).json()["location"] == "West Europe"
    patched = arm.call("PATCH", SITE_ID, {"properties": {"serverFarmId": plan_id}}, VERSION)
    assert patched.json()["properties"]["sku"] == "Premium"
    assert arm.call("DELETE", plan_id, version=VERSION).status_code == 409


def test_patch_keeps_network_and_certificate_settings(arm: Arm) -> None:
    properties = {"publicNetworkAccess": "Disabled", "clientCertEnabled": True}
    arm.call("PATCH", SITE_ID, {"properties": properties}, VERSION)
    shown = arm.document(SITE_ID, VERSION)["properties"]
    assert (shown["publicNetworkAccess"], shown["clientCertMode"]) == ("Disabled", "Required")


def test_stops_and_starts(arm: Arm) -> None:
    for action, state in (("stop", "Stopped"), ("start", "Running")):
        assert arm.call("POST", f"{SITE_ID}/{action}", version=VERSION).status_code == 200
        assert arm.document(SITE_ID, VERSION)["properties"]["state"] == state


def test_identity_gets_principal(arm: Arm) -> None:
    body = {"identity": {"type": "SystemAssigned"}}
    identity = arm.call("PATCH", SITE_ID, body, VERSION).json()["identity"]
    assert identity["tenantId"] == seed.TENANT_ID
    path = f"{SITE_ID}/providers/Microsoft.ManagedIdentity/identities/default"
    shown = arm.document(path, "2023-01-31")["properties"]
    assert shown["principalId"] == identity["principalId"]


def test_slot_has_its_own_settings(arm: Arm) -> None:
    slot = f"{SITE_ID}/slots/staging"
    created = arm.call("PUT", slot, {"location": "westeurope"}, VERSION).json()
    assert created["name"] == f"{seed.FUNCTION_APP}/staging"
    host = f"{seed.FUNCTION_APP}-staging.azurewebsites.net"
    assert created["properties"]["defaultHostName"] == host
    settings = {"properties": {"platform": {"enabled": True}}}
    arm.call("PUT", f"{slot}/config/authsettingsV2", settings, VERSION)
    assert arm.document(f"{slot}/config/authsettingsV2", VERSION)["properties"]["platform"] == {
        "enabled": True
    }
    assert [one["id"] for one in arm.document(f"{SITE_ID}/slots", VERSION)["value"]] == [slot]
    assert arm.call("DELETE", slot, version=VERSION).status_code == 200


def test_configuration_is_merged(arm: Arm) -> None:
    path = f"{SITE_ID}/config/web"
    arm.call("PATCH", path, {"properties": {"webSocketsEnabled": True}}, VERSION)
    shown = arm.document(path, VERSION)["properties"]
    assert (shown["webSocketsEnabled"], shown["minTlsVersion"]) == (True, "1.2")


def test_lists_and_replaces_host_keys(arm: Arm) -> None:
    path = f"{SITE_ID}/host/default"
    keys = arm.call("POST", f"{path}/listkeys", version=VERSION).json()
    assert set(keys["systemKeys"]) == {"signalr_extension"}
    body = {"properties": {"name": "signalr_extension", "value": "new"}}
    written = arm.call("PUT", f"{path}/systemkeys/signalr_extension", body, VERSION)
    assert written.status_code == 201
    again = arm.call("POST", f"{path}/listkeys", version=VERSION).json()
    assert again == keys | {"systemKeys": {"signalr_extension": "new"}}


def test_application_settings_are_replaced(arm: Arm) -> None:
    path = f"{SITE_ID}/config/appsettings"
    arm.call("PUT", path, {"properties": {"A": "1"}}, VERSION)
    arm.call("PUT", path, {"properties": {"B": "2"}}, VERSION)
    shown = arm.call("POST", f"{path}/list", version=VERSION).json()["properties"]
    assert shown == {"B": "2"}
