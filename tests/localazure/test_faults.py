from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from azure.core.exceptions import HttpResponseError

from localazure import seed
from tests.cloud import LocalAzure
from tests.localazure.rest import CHAT_ID, LAB_ID, Arm
from tests.localazure.sdk import Client
from tests.waits import wait_until

IDENTITY = {"identity": {"type": "SystemAssigned"}}


def statuses(arm: Arm, times: int) -> list[int]:
    return [arm.call("GET", CHAT_ID).status_code for _ in range(times)]


def test_fault_applies_as_often_as_set(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/faults", [{"path": "/signalr/", "times": 2, "status": 503}])
    assert statuses(arm, 3) == [503, 503, 200]


def test_fault_skips_first_requests(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/faults", [{"path": "/signalr/", "skip": 1, "status": 500}])
    assert statuses(arm, 3) == [200, 500, 200]


def test_fault_matches_method_until_disarmed(arm: Arm, local_azure: LocalAzure) -> None:
    fault = {"path": "/signalr/", "method": "get", "times": None, "status": 500}
    local_azure.post("/_local/faults", [fault])
    assert arm.call("PATCH", LAB_ID, {}).status_code == 202
    assert statuses(arm, 2) == [500, 500]
    local_azure.delete("/_local/faults")
    assert statuses(arm, 1) == [200]


def test_fault_sends_headers_and_body(local_azure: LocalAzure, signalr: Client) -> None:
    body = {"error": {"code": "TooManyRequests", "message": "Slower."}}
    local_azure.post(
        "/_local/faults",
        [{"path": "/signalr/", "status": 429, "headers": {"Retry-After": "7"}, "body": body}],
    )
    with pytest.raises(HttpResponseError, match="Slower") as refusal:
        signalr.signal_r.get(seed.REALTIME_GROUP, seed.CHAT)
    answer: Any = refusal.value.response
    assert answer.headers["Retry-After"] == "7"


def test_fault_adds_headers(arm: Arm, local_azure: LocalAzure) -> None:
    fault = {"path": "/signalr/", "headers": {"Connection": "close"}}
    local_azure.post("/_local/faults", [fault])
    answer = arm.call("GET", CHAT_ID)
    assert answer.json()["name"] == seed.CHAT
    assert answer.headers["Connection"] == "close"


def test_fault_drops_connection(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/faults", [{"path": "/signalr/", "drop": True}])
    with pytest.raises(requests.ConnectionError):
        arm.call("PATCH", LAB_ID, IDENTITY)
    assert "provisioningState" in arm.document(LAB_ID)["properties"]
    assert arm.document(LAB_ID)["properties"]["provisioningState"] == "Succeeded"


def test_fault_drops_response_only(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/faults", [{"path": "/signalr/", "drop": True, "after": True}])
    with pytest.raises(requests.ConnectionError):
        arm.call("PATCH", LAB_ID, IDENTITY)
    assert arm.document(LAB_ID)["properties"]["provisioningState"] == "Updating"


def test_log_shows_real_status_of_lost_responses(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post(
        "/_local/faults",
        [
            {"method": "PATCH", "status": 500},
            {"method": "PATCH", "status": 500, "after": True},
        ],
    )
    for _ in range(3):
        arm.call("PATCH", LAB_ID, IDENTITY)
    written = [(entry["status"], entry["served"]) for entry in local_azure.requests("PATCH")]
    assert written == [(500, None), (500, 202), (202, 202)]


def test_fault_only_delays(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/faults", [{"path": "/signalr/", "delay": 0.001}])
    assert statuses(arm, 1) == [200]


def test_reset_cuts_delayed_request(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/faults", [{"method": "PATCH", "delay": 2.0}])
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(arm.call, "PATCH", LAB_ID, IDENTITY)
        wait_until(lambda: local_azure.requests("PATCH"), "The request did not come.")
        local_azure.reset()
        with pytest.raises(requests.ConnectionError):
            held.result()
    assert arm.document(LAB_ID)["properties"]["provisioningState"] == "Succeeded"


def test_refuses_invalid_fault(local_azure: LocalAzure) -> None:
    with pytest.raises(RuntimeError, match="surprise"):
        local_azure.post("/_local/faults", [{"surprise": 1}])


def test_requests_are_logged_without_credentials(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.delete("/_local/requests")
    arm.call("PATCH", LAB_ID, IDENTITY)
    (request,) = local_azure.requests()
    assert (request["method"], request["path"], request["status"]) == ("PATCH", LAB_ID, 202)
    assert request["body"] == IDENTITY
    assert request["query"] == "api-version=2023-02-01"
    assert arm.token not in str(request)


def test_requests_are_limited_to_a_method_and_to_later_ones(
    arm: Arm, local_azure: LocalAzure
) -> None:
    local_azure.delete("/_local/requests")
    for method, body in (("PATCH", IDENTITY), ("GET", None), ("PATCH", {})):
        arm.call(method, LAB_ID, body)
    first, read, second = local_azure.requests()
    assert (read["number"], second["number"]) == (first["number"] + 1, first["number"] + 2)
    assert local_azure.get("/_local/requests?method=PATCH") == [first, second]
    later = f"/_local/requests?method=PATCH&after={first['number']}"
    assert local_azure.get(later) == [second]
    with pytest.raises(RuntimeError, match="number of a request"):
        local_azure.get("/_local/requests?after=noon")


def test_reset_restores_initial_state(arm: Arm, local_azure: LocalAzure) -> None:
    local_azure.post("/_local/faults", [{"times": None, "status": 500}])
    local_azure.post("/_local/operations", {"polls": 0, "outcome": "Failed"})
    local_azure.seed(instances=[{"name": "one-more", "resourceGroup": "rg-more"}])
    local_azure.reset()
    assert local_azure.requests() == []
    path = CHAT_ID.rpartition("/")[0]
    assert len(arm.document(path.replace(seed.REALTIME_GROUP, seed.PAYMENTS_GROUP))["value"]) == 2
    answer = arm.call("GET", path.replace(seed.REALTIME_GROUP, "rg-more"))
    assert answer.json()["error"]["code"] == "ResourceGroupNotFound"


def test_control_plane_refuses_form_content(local_azure: LocalAzure) -> None:
    answer = requests.post(
        f"{local_azure.url}/_local/seed", data="{}", verify=str(local_azure.ca_file), timeout=5
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("faults", [{"stauts": 500}], "A fault is invalid. There is no field 'stauts'."),
        ("faults", [{"path": "("}], "A fault is invalid. '(' is not a regular expression"),
        ("faults", {}, "The body must be a JSON array."),
        ("events", {"instance": "chat-prod"}, "The event is invalid. These fields are required"),
        ("events", {}, "The event is invalid. The field 'instance' is required."),
        ("seed", {"hubs": []}, "The seed is invalid. Unknown keys: hubs."),
        ("throttle", {"lists": {}}, "A limit is invalid. These fields are required"),
        ("operations", {"outcome": "Lost"}, "outcome must be Succeeded, Failed or Canceled."),
    ],
)
def test_control_plane_names_what_is_invalid(
    local_azure: LocalAzure, path: str, body: Any, message: str
) -> None:
    answer = requests.post(
        f"{local_azure.url}/_local/{path}", json=body, verify=str(local_azure.ca_file), timeout=5
    )
    assert answer.status_code == 400
    assert message in answer.json()["error"]
