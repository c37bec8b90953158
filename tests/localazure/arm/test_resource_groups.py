from __future__ import annotations

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import CHAT_ID, Arm

VERSION = "2021-04-01"
SUBSCRIPTION = f"/subscriptions/{seed.SUBSCRIPTION_ID}"
NEW = f"{SUBSCRIPTION}/resourceGroups/rg-new"
REALTIME = f"{SUBSCRIPTION}/resourceGroups/{seed.REALTIME_GROUP}"


def test_keeps_tags(arm: Arm) -> None:
    body = {"location": "westeurope", "tags": {"a": "b"}}
    created = arm.call("PUT", NEW, body, VERSION)
    assert (created.status_code, created.json()["tags"]) == (201, {"a": "b"})
    assert arm.call("PUT", NEW, {"location": "West Europe"}, VERSION).status_code == 200
    assert arm.call("PATCH", NEW, {"tags": {"c": "d"}}, VERSION).json()["tags"] == {"c": "d"}


def test_location_cannot_change(arm: Arm) -> None:
    answer = arm.call("PUT", REALTIME, {"location": "northeurope"}, VERSION)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "InvalidResourceGroupLocation"


def test_tells_whether_group_exists(arm: Arm) -> None:
    assert arm.call("HEAD", REALTIME, version=VERSION).status_code == 204
    assert arm.call("HEAD", NEW, version=VERSION).status_code == 404


def test_deletes_group_with_contents(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/operations", {"polls": 1})
    accepted = arm.call("DELETE", REALTIME, version=VERSION)
    assert accepted.status_code == 202
    poll = accepted.headers["Location"]
    assert arm.call("GET", poll).status_code == 202
    assert arm.call("GET", poll).status_code == 200
    missing = arm.call("GET", CHAT_ID)
    assert missing.json()["error"]["code"] == "ResourceGroupNotFound"
    deleted = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults"
    assert [one["name"] for one in arm.document(deleted, "2023-07-01")["value"]] == [seed.VAULT]


def test_lists_resources_by_type(arm: Arm) -> None:
    condition = f"resourceType eq 'Microsoft.KeyVault/vaults' and name eq '{seed.VAULT}'"
    path = f"{SUBSCRIPTION}/resources?api-version=2015-11-01&$filter={condition}"
    assert [one["name"] for one in arm.document(path)["value"]] == [seed.VAULT]
    names = {one["name"] for one in arm.document(f"{REALTIME}/resources", VERSION)["value"]}
    assert {seed.CHAT, seed.ORDERS, seed.VAULT, seed.FUNCTION_APP} <= names
