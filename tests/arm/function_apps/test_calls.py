from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from arm.errors import Conflict, NotFound, UnexpectedAnswer
from arm.function_apps.calls import AuthForbidden, FunctionApps
from arm.settings import ArmSettings
from localazure import seed
from tests.cloud import LocalAzure

SITE_ID = seed.resource_id(seed.REALTIME_GROUP, "Microsoft.Web/sites", seed.FUNCTION_APP)
CLASSIC_ID = SITE_ID.replace(seed.FUNCTION_APP, "contoso-classic")
V1_ISSUER = f"https://sts.windows.net/{seed.TENANT_ID}/"
CLASSIC: dict[str, Any] = {
    "enabled": True,
    "issuer": V1_ISSUER,
    "clientId": seed.UPSTREAM_APP_ID,
    "clientSecret": "kept",
    "allowedAudiences": [],
    "unauthenticatedClientAction": "AllowAnonymous",
    "configVersion": "v1",
    "googleClientId": "kept too",
}


@pytest.fixture
def apps(arm_settings: ArmSettings, local_azure: LocalAzure) -> FunctionApps:
    """The built-in subscription's apps, and one whose settings are classic."""
    site = {
        "name": "contoso-classic",
        "resourceGroup": seed.REALTIME_GROUP,
        "authsettings": CLASSIC,
    }
    local_azure.seed(sites=[site])
    return FunctionApps(seed.SUBSCRIPTION_ID, arm_settings)


def settings_sent(local_azure: LocalAzure) -> dict[str, Any]:
    """Return the `properties` of the one document that was written."""
    (sent,) = local_azure.requests("PUT")
    properties: dict[str, Any] = sent["body"]["properties"]
    return properties


def test_function_apps_are_listed_with_their_hosts(apps: FunctionApps) -> None:
    found = {app.name: app.host_name for app in apps.list()}
    assert found[seed.FUNCTION_APP] == f"{seed.FUNCTION_APP}.azurewebsites.net"
    assert len(found) == 2


def test_sites_of_other_kinds_are_web_apps(apps: FunctionApps, local_azure: LocalAzure) -> None:
    sites = {"value": [{"id": "/a", "name": "a", "kind": "app,linux"}, {"id": "/b", "name": "b"}]}
    fault = {"path": "Microsoft.Web/sites$", "status": 200, "body": sites}
    local_azure.post("/_local/faults", [fault])
    assert [(app.arm_id, app.is_web_app) for app in apps.list()] == [("/a", True), ("/b", True)]


def test_a_site_of_an_unknown_shape_is_not_guessed_at(
    apps: FunctionApps, local_azure: LocalAzure
) -> None:
    fault = {"path": "sites$", "status": 200, "body": {"value": [{"kind": "functionapp"}]}}
    local_azure.post("/_local/faults", [fault])
    with pytest.raises(UnexpectedAnswer, match="Function App"):
        list(apps.list())


def test_v2_settings_are_read(apps: FunctionApps) -> None:
    auth = apps.read_auth(SITE_ID)
    assert (auth.version, auth.is_enabled, auth.unauthenticated_action) == ("v2", True, "Return401")
    assert auth.issuer == f"https://login.microsoftonline.com/{seed.TENANT_ID}/v2.0"
    assert auth.client_id == seed.UPSTREAM_APP_ID
    assert auth.allowed_audiences == (seed.UPSTREAM_APP_URI,)


def test_classic_settings_are_read(apps: FunctionApps) -> None:
    auth = apps.read_auth(CLASSIC_ID)
    assert (auth.version, auth.issuer) == ("classic", V1_ISSUER)
    assert auth.unauthenticated_action == "AllowAnonymous"


def test_an_absent_app_is_not_found(apps: FunctionApps) -> None:
    with pytest.raises(NotFound):
        apps.read_auth(SITE_ID.replace(seed.FUNCTION_APP, "absent"))


def test_settings_of_an_unknown_shape_are_not_guessed_at(
    apps: FunctionApps, local_azure: LocalAzure
) -> None:
    body = {"properties": {"platform": ["not an object"]}}
    local_azure.post("/_local/faults", [{"path": "authsettingsV2$", "status": 200, "body": body}])
    with pytest.raises(UnexpectedAnswer, match="authentication settings"):
        apps.read_auth(SITE_ID)


def test_a_write_of_v2_settings_keeps_the_rest_of_the_document(
    apps: FunctionApps, local_azure: LocalAzure
) -> None:
    before = apps.read_auth(SITE_ID)
    after = replace(before, issuer=V1_ISSUER)
    apps.write_auth(SITE_ID, before=before, after=after, correlation_id="operation-7")
    sent = settings_sent(local_azure)
    assert sent["platform"] == {"enabled": True, "runtimeVersion": "~1"}
    assert sent["identityProviders"]["azureActiveDirectory"]["registration"] == {
        "openIdIssuer": V1_ISSUER,
        "clientId": seed.UPSTREAM_APP_ID,
    }
    assert local_azure.requests("PUT")[0]["headers"]["x-ms-client-request-id"] == "operation-7"
    assert apps.read_auth(SITE_ID) == after


def test_a_write_of_classic_settings_keeps_the_rest_of_the_document(
    apps: FunctionApps, local_azure: LocalAzure
) -> None:
    before = apps.read_auth(CLASSIC_ID)
    after = replace(before, unauthenticated_action="RedirectToLoginPage")
    apps.write_auth(CLASSIC_ID, before=before, after=after)
    sent = settings_sent(local_azure)
    expected = CLASSIC | {"unauthenticatedClientAction": "RedirectToLoginPage"}
    # Azure returns every setting of the document; those that were never set are null.
    assert {name: sent[name] for name in expected} == expected
    assert {name for name in sent.keys() - expected.keys() if sent[name]} <= {"configVersion"}
    assert apps.read_auth(CLASSIC_ID) == after


def test_a_write_that_was_taken_is_not_sent_again(
    apps: FunctionApps, local_azure: LocalAzure
) -> None:
    before = apps.read_auth(SITE_ID)
    after = replace(before, issuer=V1_ISSUER)
    for _ in range(2):
        apps.write_auth(SITE_ID, before=before, after=after)
    assert len(local_azure.requests("PUT")) == 1


def test_settings_that_others_changed_are_not_overwritten(
    apps: FunctionApps, local_azure: LocalAzure
) -> None:
    found = apps.read_auth(SITE_ID)
    with pytest.raises(Conflict, match="were changed after the plan was made"):
        apps.write_auth(
            SITE_ID,
            before=replace(found, issuer="https://elsewhere"),
            after=replace(found, issuer=V1_ISSUER),
        )
    assert local_azure.requests("PUT") == []


def test_a_refusal_keeps_azures_words(apps: FunctionApps, local_azure: LocalAzure) -> None:
    error = {"error": {"code": "AuthorizationFailed", "message": "Not you."}}
    local_azure.post(
        "/_local/faults", [{"path": "authsettings/list", "status": 403, "body": error}]
    )
    with pytest.raises(AuthForbidden, match=r"Website Contributor.*AuthorizationFailed: Not you\."):
        apps.read_auth(SITE_ID)
