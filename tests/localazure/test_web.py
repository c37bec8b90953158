from __future__ import annotations

import pytest

from localazure import seed
from tests.localazure.rest import Arm

VERSION = "2025-05-01"
SITE_ID = seed.resource_id(seed.REALTIME_GROUP, "Microsoft.Web/sites", seed.FUNCTION_APP)
V2 = f"{SITE_ID}/config/authsettingsV2"
CLASSIC = f"{SITE_ID}/config/authsettings"


def test_the_seeded_app_trusts_the_wrong_issuer(arm: Arm) -> None:
    for path in (V2, f"{V2}/list"):
        providers = arm.document(path, VERSION)["properties"]["identityProviders"]
        issuer = providers["azureActiveDirectory"]["registration"]["openIdIssuer"]
        assert issuer.endswith("/v2.0")


def test_v2_settings_are_written_whole(arm: Arm) -> None:
    body = {"properties": {"platform": {"enabled": True}}}
    written = arm.call("PUT", V2, body, VERSION).json()["properties"]
    assert written["platform"] == {"enabled": True}
    assert written["identityProviders"] == {}
    assert arm.document(V2, VERSION)["properties"] == written


def test_classic_settings_are_listed_by_post(arm: Arm) -> None:
    assert arm.call("POST", f"{CLASSIC}/list", version=VERSION).json()["properties"] == {
        "enabled": False
    }
    settings = {"enabled": True, "issuer": f"https://sts.windows.net/{seed.TENANT_ID}/"}
    arm.call("PUT", CLASSIC, {"properties": settings}, VERSION)
    assert arm.call("POST", f"{CLASSIC}/list", version=VERSION).json()["properties"] == settings


@pytest.mark.parametrize("path", [V2, CLASSIC])
def test_an_unknown_setting_is_refused(arm: Arm, path: str) -> None:
    answer = arm.call("PUT", path, {"properties": {"surprise": True}}, VERSION)
    assert (answer.status_code, "surprise" in answer.text) == (400, True)


def test_sites_are_listed_with_their_host(arm: Arm) -> None:
    path = f"/subscriptions/{seed.SUBSCRIPTION_ID}/providers/Microsoft.Web/sites"
    (site,) = arm.document(path, VERSION)["value"]
    assert site["properties"]["defaultHostName"] == f"{seed.FUNCTION_APP}.azurewebsites.net"


def test_a_site_can_be_made(arm: Arm) -> None:
    path = SITE_ID.replace(seed.FUNCTION_APP, "contoso-more")
    made = arm.call("PUT", path, {"location": "westeurope"}, VERSION).json()
    assert made["name"] == "contoso-more"
    assert arm.document(f"{path}/config/authsettingsV2", VERSION)["properties"]["platform"] == {
        "enabled": False,
        "runtimeVersion": "~1",
    }
