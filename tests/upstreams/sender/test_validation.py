"""Arguments are checked before anything is sent: properties, and the paths that result."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes
from uuid import UUID

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url
from yarl import URL

from upstreams.receiver import Hub
from upstreams.receiver.testing import recorded_calls
from upstreams.sender import InvalidCall, calls
from upstreams.sender.transport import rest_requests

chat = Hub("chat")

# Each method that takes a name, with the position or keyword of that name.
NAMED: dict[str, Callable[[Any], Any]] = {
    "send_to_user": lambda name: chat.send_to_user(name, "said"),
    "send_to_group": lambda name: chat.send_to_group(name, "said"),
    "send_to_connection": lambda name: chat.send_to_connection(name, "said"),
    "excluded of send_to_all": lambda name: chat.send_to_all("said", excluded=[name]),
    "group of add_to_group": lambda name: chat.add_to_group(name, connection_id="c"),
    "connection of add_to_group": lambda name: chat.add_to_group("g", connection_id=name),
    "user of add_to_group": lambda name: chat.add_to_group("g", user_id=name),
    "group of remove_from_group": lambda name: chat.remove_from_group(name, user_id="u"),
    "user of remove_from_group": lambda name: chat.remove_from_group("g", user_id=name),
    "user of remove_from_all_groups": lambda name: chat.remove_from_all_groups(user_id=name),
    "connection_exists": chat.connection_exists,
    "user_exists": chat.user_exists,
    "group_exists": chat.group_exists,
    "user of user_in_group": lambda name: chat.user_in_group(name, "g"),
    "group of user_in_group": lambda name: chat.user_in_group("u", name),
    "close_connection": chat.close_connection,
    "close_user": chat.close_user,
    "close_group": chat.close_group,
    "negotiate": lambda name: chat.negotiate(user_id=name),
}
# They reach another resource, none, or cannot be written.
BAD_NAMES = {
    "empty": "",
    "blank": " ",
    "white space": "\t\n",
    "dot": ".",
    "dots": "..",
    "long": "x" * 1025,
    "half a surrogate pair": "\ud800",
    "number": 7,
    "bytes": b"ada",
}


@pytest.mark.parametrize("bad", BAD_NAMES)
@pytest.mark.parametrize("method", NAMED)
def test_refuses_names_that_could_reach_others(method: str, bad: str) -> None:
    with recorded_calls() as recorder, pytest.raises(InvalidCall):
        NAMED[method](BAD_NAMES[bad])
    assert recorder.sent == []
    assert recorder.clients == []


@given(st.text(min_size=1, max_size=60))
def test_every_accepted_name_is_one_segment_of_the_path(name: str) -> None:
    try:
        call = calls.send_to_user(name, "said", ())
    except InvalidCall:
        assert not name.strip() or name in {".", ".."} or _has_half_pair(name)
        return
    sent = rest_requests.request("chat", call)
    # As urllib3 and aiohttp send it.
    url = f"https://localhost/signalr/x{sent.path}?{sent.query}"
    path = parse_url(url).path or ""
    assert path == URL(url, encoded=True).raw_path
    assert path.startswith("/signalr/x/api/hubs/chat/users/")
    segments = path.split("/")
    assert segments[-1] == ":send"
    assert len(segments) == 9
    assert unquote_to_bytes(segments[-2]).decode() == name


@given(st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_accepted_exclusions_are_what_the_query_holds(excluded: list[str]) -> None:
    try:
        call = calls.send_to_all("said", (), excluded)
    except InvalidCall:
        return
    query = parse_qs(rest_requests.request("chat", call).query)
    assert query.get("excluded", []) == excluded
    assert query["api-version"] == ["2024-12-01"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(st.lists(VALUES, max_size=4))
def test_arguments_are_sent_as_json_or_refused(arguments: list[Any]) -> None:
    try:
        body = rest_requests.request("chat", calls.send_to_all("said", tuple(arguments), ())).body
    except InvalidCall:
        text = repr(arguments)
        assert "nan" in text or "inf" in text or _has_half_pair(text)
        return
    assert json.loads(body, parse_constant=pytest.fail) == {
        "target": "said",
        "arguments": arguments,
    }


UNSENDABLE = {
    "nan": float("nan"),
    "infinity": [-float("inf")],
    "object": object(),
    "set": {"a": {1, 2}},
    "one key twice": {1: 0, "1": 0},
    "half a surrogate pair": "\ud800",
}


@pytest.mark.parametrize("name", UNSENDABLE)
def test_refuses_arguments_that_no_protocol_carries(name: str) -> None:
    with recorded_calls() as recorder, pytest.raises(InvalidCall):
        chat.send_to_all("said", UNSENDABLE[name])
    assert recorder.sent == []


def test_refuses_a_cycle() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(InvalidCall):
        rest_requests.request("chat", calls.send_to_all("said", (cycle,), ()))


def test_refuses_a_target_that_is_no_name() -> None:
    target: Any
    for target in ("", None, 7, "\ud800"):
        with recorded_calls(), pytest.raises(InvalidCall):
            chat.send_to_all(target)


def test_body_is_at_most_a_megabyte() -> None:
    overhead = len(rest_requests.request("chat", calls.send_to_all("said", ("",), ())).body)
    largest = "x" * (rest_requests.BODY_BYTES - overhead)
    assert (
        len(rest_requests.request("chat", calls.send_to_all("said", (largest,), ())).body)
        == 1_048_576
    )
    with pytest.raises(InvalidCall, match="1,048,577 bytes"):
        rest_requests.request("chat", calls.send_to_all("said", (largest + "x",), ()))


def test_dates_and_ids_are_text() -> None:
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    arguments = (moment, date(2026, 1, 2), UUID(int=1))
    body = rest_requests.request("chat", calls.send_to_all("said", arguments, ())).body
    assert json.loads(body)["arguments"] == [
        "2026-01-02T03:04:00+00:00",
        "2026-01-02",
        "00000000-0000-0000-0000-000000000001",
    ]


def test_bytes_are_sent_as_a_frame_for_each_protocol() -> None:
    sent = rest_requests.request("chat", calls.send_to_all("said", ({"a": [b"\xff"]}, "ü"), ()))
    assert sent.content_type == "application/octet-stream"
    found = msgpack.unpackb(sent.body)
    text = found["json"].decode()
    assert text.endswith("\x1e")
    assert json.loads(text[:-1]) == {
        "type": 1,
        "target": "said",
        "arguments": [{"a": ["/w=="]}, "ü"],
    }
    packed = found["messagepack"]
    assert packed[0] == len(packed) - 1
    assert msgpack.unpackb(packed[1:]) == [1, {}, None, "said", [{"a": [b"\xff"]}, "ü"], []]


@pytest.mark.parametrize("ttl", [-1, 1.5, "5", True])
def test_refuses_a_ttl_that_is_no_number_of_seconds(ttl: Any) -> None:
    with recorded_calls(), pytest.raises(InvalidCall, match="ttl"):
        chat.add_to_group("g", user_id="ada", ttl=ttl)


def test_refuses_a_ttl_for_a_connection() -> None:
    with recorded_calls(), pytest.raises(InvalidCall, match="ttl"):
        chat.add_to_group("g", connection_id="c", ttl=5)


def test_refuses_neither_and_both_kinds_of_member() -> None:
    with recorded_calls(), pytest.raises(InvalidCall, match="either"):
        chat.add_to_group("g")
    with recorded_calls(), pytest.raises(InvalidCall, match="either"):
        chat.remove_from_group("g", connection_id="c", user_id="u")


def test_refuses_a_string_as_list_of_exclusions() -> None:
    with recorded_calls(), pytest.raises(InvalidCall, match="list"):
        chat.send_to_all("said", excluded="connection")


def test_refuses_more_exclusions_than_a_url_holds() -> None:
    with recorded_calls(), pytest.raises(InvalidCall, match="group"):
        chat.send_to_all("said", excluded=["x" * 22] * 1000)


def test_hubs_are_lower_case_in_urls() -> None:
    assert rest_requests.request("ChatRoom", calls.send_to_all("said", (), ())).path == (
        "/api/hubs/chatroom/:send"
    )


def _has_half_pair(text: str) -> bool:
    return any("\ud800" <= each <= "\udfff" for each in text) or "\\ud" in text
