"""The headers of ARM's answers, as Microsoft's recordings have them."""

from __future__ import annotations

import pytest

from tests.localazure.rest import CHAT_ID, Arm

GROUP_ID = CHAT_ID.partition("/providers/")[0]
EVERY_ANSWER = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
IDENTIFIERS = ("x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id")


@pytest.mark.parametrize(
    ("method", "path", "version"),
    [
        ("GET", CHAT_ID, "2023-02-01"),
        ("GET", CHAT_ID + "-missing", "2023-02-01"),
        ("GET", CHAT_ID, "1999-01-01"),
        ("GET", f"{GROUP_ID}/providers/Microsoft.Unknown/things/one", "2023-02-01"),
        ("POST", CHAT_ID, "2023-02-01"),
    ],
)
def test_every_answer_has_general_headers(arm: Arm, method: str, path: str, version: str) -> None:
    answer = arm.call(method, path, version=version)
    assert {name: answer.headers.get(name) for name in EVERY_ANSWER} == EVERY_ANSWER
    assert all(answer.headers.get(name) for name in IDENTIFIERS)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_answer_names_remaining_requests_by_both_names(arm: Arm) -> None:
    headers = arm.call("GET", CHAT_ID).headers
    assert int(headers["x-ms-ratelimit-remaining-subscription-reads"]) < 250
    assert int(headers["x-ms-ratelimit-remaining-subscription-global-reads"]) < 3750


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        (
            CHAT_ID + "-missing",
            "ResourceNotFound",
            (
                "The Resource 'Microsoft.SignalRService/signalR/contoso-chat-missing' under "
                "resource group 'rg-realtime' was not found. For more details please go to "
                "https://aka.ms/ARMResourceNotFoundFix"
            ),
        ),
        (
            CHAT_ID.replace("rg-realtime", "rg-missing"),
            "ResourceGroupNotFound",
            "Resource group 'rg-missing' could not be found.",
        ),
    ],
)
def test_gateway_errors_have_recorded_messages(
    arm: Arm, path: str, code: str, message: str
) -> None:
    answer = arm.call("GET", path)
    assert answer.status_code == 404
    assert answer.headers["x-ms-failure-cause"] == "gateway"
    assert answer.json() == {"error": {"code": code, "message": message}}


def test_ignores_trailing_slash(arm: Arm) -> None:
    assert arm.call("GET", CHAT_ID + "/").json() == arm.call("GET", CHAT_ID).json()


def test_ignores_repeated_leading_slash(arm: Arm) -> None:
    # az 2.55.0 joins an endpoint that ends in a slash with such a path.
    assert arm.call("GET", "/" + CHAT_ID).json() == arm.call("GET", CHAT_ID).json()


def test_names_no_web_server_software(arm: Arm) -> None:
    assert "uvicorn" not in arm.call("GET", CHAT_ID).headers.get("Server", "")
