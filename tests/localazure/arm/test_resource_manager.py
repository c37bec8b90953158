from __future__ import annotations

import time

import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import CHAT_ID, LAB_ID, Arm
from tests.localazure.sdk import user_assigned

IDENTITY = {"identity": {"type": "SystemAssigned"}}


def code(answer: requests.Response) -> str:
    found: str = answer.json()["error"]["code"]
    return found


def test_missing_token_is_401_with_challenge(arm: Arm) -> None:
    arm.token = ""
    answer = arm.call("GET", CHAT_ID)
    assert (answer.status_code, code(answer)) == (401, "AuthenticationFailed")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


@pytest.mark.parametrize(
    "order",
    [
        {"resource": "https://vault.azure.net"},
        {"key": "unknown"},
        {"key": "none"},
        {"key": "hs256-public-key"},
        {"tenant": seed.OTHER_TENANT_ID},
        {"claims": {"oid": None}},
    ],
)
def test_invalid_token_is_401(arm: Arm, local_azure: LocalAzure, order: dict[str, str]) -> None:
    body = {"resource": "https://management.azure.com"} | order
    arm.token = local_azure.post("/_local/tokens", body)["token"]
    answer = arm.call("GET", CHAT_ID)
    assert (answer.status_code, code(answer)) == (401, "InvalidAuthenticationToken")


def test_expired_token_is_reported(arm: Arm, local_azure: LocalAzure) -> None:
    claims = {"exp": int(time.time()) - 1}
    body = {"resource": "https://management.azure.com", "claims": claims}
    arm.token = local_azure.post("/_local/tokens", body)["token"]
    assert code(arm.call("GET", CHAT_ID)) == "ExpiredAuthenticationToken"


def test_principal_without_role_is_403(arm: Arm, local_azure: LocalAzure) -> None:
    body = {"resource": "https://management.azure.com", "principal": seed.CHAT}
    arm.token = local_azure.post("/_local/tokens", body)["token"]
    answer = arm.call("GET", CHAT_ID)
    assert (answer.status_code, code(answer)) == (403, "AuthorizationFailed")
    assert "Microsoft.SignalRService/SignalR/read" in answer.text


def test_reader_can_read_but_not_write(local_azure: LocalAzure) -> None:
    reader = Arm(local_azure, seed.READER_CLIENT_ID, seed.READER_CLIENT_SECRET)
    assert reader.call("GET", CHAT_ID).status_code == 200
    assert reader.call("PATCH", CHAT_ID, IDENTITY).status_code == 403
    assert reader.call("POST", f"{CHAT_ID}/listKeys").status_code == 403


def contributor(cloud: LocalAzure, *roles: str) -> Arm:
    principal = "dddddddd-0000-4000-8000-00000000beef"
    application = {"displayName": "Contributor", "principalId": principal, "secrets": ["secret"]}
    application["appId"] = "cccccccc-0000-4000-8000-00000000beef"
    given = [{"principalId": principal, "role": role} for role in roles]
    cloud.seed(applications=[application], roleAssignments=given)
    return Arm(cloud, "cccccccc-0000-4000-8000-00000000beef", "secret")


def test_assigning_identity_requires_role_on_the_identity(local_azure: LocalAzure) -> None:
    role = "SignalR/Web PubSub Contributor"
    identity = user_assigned(seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY))
    arm = contributor(local_azure, role)
    refused = arm.call("PATCH", LAB_ID, {"identity": identity})
    assert (refused.status_code, code(refused)) == (403, "LinkedAuthorizationFailed")
    arm = contributor(local_azure, role, "Managed Identity Operator")
    assert arm.call("PATCH", LAB_ID, {"identity": identity}).status_code == 202


def test_links_use_host_of_the_request(arm: Arm, local_azure: LocalAzure) -> None:
    by_address = local_azure.url.replace("localhost", "127.0.0.1")
    accepted = arm.call("PATCH", by_address + LAB_ID, IDENTITY)
    assert accepted.headers["Azure-AsyncOperation"].startswith(by_address)


def test_requires_known_api_version(arm: Arm) -> None:
    assert code(arm.call("GET", CHAT_ID, version=None)) == "MissingApiVersionParameter"
    assert code(arm.call("GET", CHAT_ID, version="1999-01-01")) == "NoRegisteredProviderFound"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"surprise": 1}, "surprise"),
        ({"properties": {"upstream": {"templates": [{"url": "x"}]}}}, "templates[0].url"),
        ({"identity": {"kind": "None"}}, "identity.kind"),
        ({"properties": {"disableLocalAuth": "yes"}}, "properties.disableLocalAuth"),
    ],
)
def test_refuses_unknown_property_by_name(arm: Arm, body: dict[str, object], path: str) -> None:
    answer = arm.call("PATCH", LAB_ID, body)
    assert (answer.status_code, code(answer)) == (400, "InvalidRequestContent")
    assert path in answer.text


def test_unknown_path_and_method_are_arm_errors(arm: Arm) -> None:
    assert code(arm.call("GET", f"{CHAT_ID}/nothing")) == "InvalidResourceType"
    assert arm.call("DELETE", "/subscriptions").status_code == 405


def test_write_is_accepted_with_both_urls_to_poll(arm: Arm) -> None:
    accepted = arm.call("PATCH", LAB_ID, IDENTITY)
    assert (accepted.status_code, accepted.content) == (202, b"")
    status = accepted.headers["Azure-AsyncOperation"]
    assert [arm.document(status)["status"] for _ in range(2)] == ["Running", "Succeeded"]
    assert arm.document(accepted.headers["Location"])["identity"]["type"] == "SystemAssigned"


def test_result_is_202_while_operation_runs(arm: Arm) -> None:
    location = arm.call("PATCH", LAB_ID, IDENTITY).headers["Location"]
    assert [arm.call("GET", location).status_code for _ in range(2)] == [202, 200]


def test_sends_retry_after_on_demand_only(arm: Arm, local_azure: LocalAzure) -> None:
    assert "Retry-After" not in arm.call("PATCH", LAB_ID, IDENTITY).headers
    local_azure.post("/_local/operations", {"polls": 3, "retryAfter": 7})
    assert arm.call("PATCH", LAB_ID, IDENTITY).headers["Retry-After"] == "7"


def test_deletion_ends_at_once(arm: Arm) -> None:
    deleted = arm.call("DELETE", LAB_ID)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "Azure-AsyncOperation" not in deleted.headers
    assert arm.call("GET", LAB_ID).status_code == 404
    assert arm.call("DELETE", LAB_ID).status_code == 204


def test_patch_keeps_unnamed_properties_unchanged(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 0})
    payments = LAB_ID.replace(seed.LAB, seed.PAYMENTS)
    before = arm.call("GET", payments).json()
    arm.call("PATCH", payments, IDENTITY)
    after = arm.call("GET", payments).json()
    assert after.pop("identity")
    assert list(after["properties"]) == list(before["properties"])
    del before["systemData"], after["systemData"]
    assert after == before


def test_patch_keeps_unnamed_feature_flags(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 0})
    flag = {"flag": "ServiceMode", "value": "Default"}
    arm.call("PATCH", LAB_ID, {"properties": {"features": [flag]}})
    features = arm.document(LAB_ID)["properties"]["features"]
    assert {one["flag"]: one["value"] for one in features} == {
        "ServiceMode": "Default",
        "EnableConnectivityLogs": "False",
        "EnableMessagingLogs": "False",
        "EnableLiveTrace": "False",
    }


def test_lists_subscriptions_and_groups(arm: Arm) -> None:
    (subscription,) = arm.document("/subscriptions", "2022-12-01")["value"]
    assert subscription["tenantId"] == seed.TENANT_ID
    groups = arm.document(f"{subscription['id']}/resourcegroups", "2021-04-01")["value"]
    assert {group["name"] for group in groups} == {seed.REALTIME_GROUP, seed.PAYMENTS_GROUP}
    tenants = arm.document("/tenants", "2022-12-01")["value"]
    assert [tenant["tenantId"] for tenant in tenants] == [seed.TENANT_ID]


def test_lists_only_subscriptions_with_a_role(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.seed(subscriptions=[{"subscriptionId": "bbbbbbbb-0000-4000-8000-00000000dead"}])
    assert len(arm.document("/subscriptions", "2022-12-01")["value"]) == 1


def test_rate_limits_are_counted_but_not_enforced(arm: Arm) -> None:
    first, second = (arm.call("GET", CHAT_ID).headers for _ in range(2))
    name = "x-ms-ratelimit-remaining-subscription-reads"
    assert 0 < int(second[name]) <= int(first[name])


def test_rate_limits_are_enforced_on_demand(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/throttle", {"reads": {"size": 1, "refill": 0.01}})
    assert arm.call("GET", CHAT_ID).status_code == 200
    answer = arm.call("GET", CHAT_ID)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "100")


@pytest.mark.parametrize("path", ["/metadata/endpoints", "//metadata/endpoints"])
def test_describes_cloud_to_az_of_2023(arm: Arm, path: str) -> None:
    cloud = arm.document(path, "2015-01-01")
    assert cloud["graphEndpoint"] == "https://graph.windows.net/"
    assert cloud["authentication"]["audiences"][0] == "https://management.core.windows.net/"


def test_describes_cloud_to_az_of_today(arm: Arm) -> None:
    cloud = arm.document("/metadata/endpoints", "2022-09-01")
    assert cloud["microsoftGraphResourceId"] == cloud["resourceManager"]
    assert cloud["suffixes"]["keyVaultDns"] == "vault.azure.net"
