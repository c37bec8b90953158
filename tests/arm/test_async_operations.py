from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from arm.async_operations import (
    PollUrls,
    Progress,
    poll_urls,
    progress,
    result_progress,
    started,
)
from arm.errors import OperationFailed, UnexpectedAnswer

STATUS_URL = "https://management.azure.com/operationStatuses/1?s=signature"
RESULT_URL = "https://management.azure.com/operationResults/1?s=signature"


def test_a_write_is_followed_at_its_status_address() -> None:
    write = started(
        {"Azure-AsyncOperation": STATUS_URL, "Location": RESULT_URL, "Retry-After": "0.5"},
        status=HTTPStatus.ACCEPTED,
    )
    assert poll_urls(write.continuation) == PollUrls(STATUS_URL, RESULT_URL)
    assert (write.retry_after, write.done) == (0.5, False)


def test_a_write_without_a_status_address_is_followed_at_its_result() -> None:
    write = started({"Location": RESULT_URL}, status=HTTPStatus.ACCEPTED)
    assert poll_urls(write.continuation) == PollUrls(None, RESULT_URL)


def test_a_write_that_is_done_at_once_needs_no_poll() -> None:
    write = started({}, status=HTTPStatus.OK)
    assert (write.done, write.continuation) == (True, "")


def test_an_accepted_write_that_cannot_be_followed_is_no_success() -> None:
    with pytest.raises(UnexpectedAnswer):
        started({}, status=HTTPStatus.ACCEPTED)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"status_url": null}', "https://a"])
def test_refuses_invalid_continuation(text: str) -> None:
    with pytest.raises(UnexpectedAnswer):
        poll_urls(text)


@pytest.mark.parametrize(
    ("status", "body", "done"),
    [
        (200, {"status": "Running"}, False),
        (200, {"status": "InProgress"}, False),
        (202, {"status": "Running"}, False),
        (202, None, False),
        (200, {"status": "Succeeded"}, True),
        (202, {"status": "succeeded"}, True),
        (204, None, True),
        (200, {"id": "a resource"}, True),
        (200, {"id": "a resource", "properties": {"provisioningState": "Succeeded"}}, True),
        (200, {"id": "a resource", "properties": {"provisioningState": "Updating"}}, False),
    ],
)
def test_a_poll_says_whether_the_operation_is_done(status: int, body: object, done: bool) -> None:
    assert progress(status, {"Retry-After": "7"}, body) == Progress(done, 7.0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"status": "Failed", "error": {"code": "Busy", "message": "No room."}}, "Busy"),
        ({"status": "Failed"}, "Failed"),
        ({"status": "Canceled", "error": None}, "Canceled"),
        ({"properties": {"provisioningState": "Failed"}}, "Failed"),
    ],
)
def test_an_operation_that_ends_badly_raises_its_own_code(body: dict[str, Any], code: str) -> None:
    with pytest.raises(OperationFailed) as caught:
        progress(200, {}, body)
    assert (caught.value.code, caught.value.status) == (code, 200)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (204, None),
        (200, None),
        (200, {"status": "Succeeded"}),
        (200, {"id": "a resource", "properties": {"provisioningState": "Updating"}}),
        (200, {"id": "a resource", "properties": {"provisioningState": "Failed"}}),
        (200, {"id": "a resource"}),
        (200, ["unknown"]),
    ],
)
def test_result_that_is_no_finished_instance_decides_nothing(status: int, body: object) -> None:
    assert result_progress(status, {}, body) is None


def test_result_of_a_running_operation_says_when_to_ask_again() -> None:
    found = result_progress(HTTPStatus.ACCEPTED, {"Retry-After": "7"}, None)
    assert found == Progress(done=False, retry_after=7.0)
