"""Completions as the client's protocol has them, byte for byte."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, date, datetime
from enum import IntEnum
from uuid import UUID

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstreams.receiver.protocol import outgoing_frames
from upstreams.receiver.protocol.incoming_bodies import Format

BOTH = pytest.mark.parametrize("protocol", ["json", "messagepack"])


def test_json_frames_end_with_a_record_separator() -> None:
    assert outgoing_frames.result("json", "0", 1) == b'{"type":3,"invocationId":"0","result":1}\x1e'
    assert outgoing_frames.void("json", "0") == b'{"type":3,"invocationId":"0"}\x1e'
    assert (
        outgoing_frames.error("json", "0", "no")
        == b'{"type":3,"invocationId":"0","error":"no"}\x1e'
    )


def test_messagepack_frames_begin_with_their_length() -> None:
    assert outgoing_frames.result("messagepack", "0", 1) == b"\x07\x95\x03\x80\xa10\x03\x01"
    assert outgoing_frames.void("messagepack", "0") == b"\x06\x94\x03\x80\xa10\x02"
    assert outgoing_frames.error("messagepack", "0", "no") == b"\x09\x95\x03\x80\xa10\x01\xa2no"


@pytest.mark.parametrize(
    ("size", "prefix"),
    [(119, b"\x7f"), (120, b"\x80\x01"), (16_000, b"\x89\x7d"), (3_000_000, b"\xcb\x8d\xb7\x01")],
)
def test_lengths_are_written_in_groups_of_seven_bits(size: int, prefix: bytes) -> None:
    frame = outgoing_frames.result("messagepack", "0", b"x" * size)
    assert frame.startswith(prefix)
    length = sum((byte & 0x7F) << (7 * index) for index, byte in enumerate(prefix))
    assert length == len(frame) - len(prefix)


@given(st.text())
def test_json_frame_has_one_separator(text: str) -> None:
    frame = outgoing_frames.result("json", text, {"text": text})
    assert frame.count(b"\x1e") == 1
    assert json.loads(frame[:-1]) == {"type": 3, "invocationId": text, "result": {"text": text}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2024, 5, 6), "2024-05-06"),
        (datetime(2024, 5, 6, 7, 8, tzinfo=UTC), "2024-05-06T07:08:00+00:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("\ud800", "\ud800"),
        ((1, 2), [1, 2]),
    ],
)
def test_encodes_values_without_json_type(value: object, text: object) -> None:
    assert json.loads(outgoing_frames.result("json", "0", value)[:-1])["result"] == text


def test_messagepack_carries_bytes_and_times() -> None:
    moment = datetime(2024, 5, 6, tzinfo=UTC)
    frame = outgoing_frames.result("messagepack", "0", [b"x", moment])
    assert msgpack.unpackb(frame[1:], timestamp=3)[-1] == [b"x", moment]


def circular() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


@BOTH
@pytest.mark.parametrize("value", [object(), {1, 2}, circular()], ids=["object", "set", "circular"])
def test_refuses_unsendable_value(protocol: Format, value: object) -> None:
    with pytest.raises(outgoing_frames.Unsendable):
        outgoing_frames.result(protocol, "0", value)


@pytest.mark.parametrize("value", [b"x", float("nan"), float("inf"), {b"k": 1}])
def test_json_refuses_value(value: object) -> None:
    with pytest.raises(outgoing_frames.Unsendable):
        outgoing_frames.result("json", "0", value)


class Colour(IntEnum):
    """A key that JSON writes as a number."""

    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        {1: "a", "1": "b"},
        {"1": "a", Colour.RED: "b"},
        {True: "a", "true": "b"},
        {None: "a", "null": "b"},
        {1.5: "a", "1.5": "b"},
        [{"list": ({"a": 1}, {"deep": {1: "a", "1": "b"}})}],
        defaultdict(str, {1: "a", "1": "b"}),
    ],
    ids=str,
)
def test_refuses_keys_that_are_equal_in_json(value: object) -> None:
    with pytest.raises(outgoing_frames.Unsendable, match="two of its keys have the same name"):
        outgoing_frames.result("json", "0", value)


KEYS = st.sampled_from([1, "1", -2.5, "-2.5", True, "true", None, "null", "a", "A"])
LEAVES = st.none() | st.integers() | st.text(max_size=2)
RESULTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)


@given(RESULTS)
def test_sends_result_completely_or_not_at_all(value: object) -> None:
    names: list[list[str]] = []
    text = json.dumps(value)
    json.loads(text, object_pairs_hook=lambda pairs: names.append([name for name, _ in pairs]))
    if any(len(set(each)) < len(each) for each in names):
        with pytest.raises(outgoing_frames.Unsendable):
            outgoing_frames.result("json", "0", value)
    else:
        assert json.loads(outgoing_frames.result("json", "0", value)[:-1])["result"] == json.loads(
            text
        )


@pytest.mark.parametrize("value", [2**64, "\ud800"])
def test_messagepack_refuses_value(value: object) -> None:
    with pytest.raises(outgoing_frames.Unsendable):
        outgoing_frames.result("messagepack", "0", value)


@BOTH
@given(text=st.text(st.characters()))
def test_any_error_text_can_be_sent(protocol: Format, text: str) -> None:
    assert outgoing_frames.error(protocol, "0", text)
