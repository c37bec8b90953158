"""Bodies, in both protocols."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.upstreams.receiver.requests import (
    JSON,
    MESSAGEPACK,
    headers,
    json_call,
    messagepack_call,
    read,
)
from upstreams.receiver.protocol.refusals import ProtocolError, Refusal, UnsupportedBody

Call = Callable[..., bytes]
PROTOCOLS = pytest.mark.parametrize(
    ("content_type", "call"), [(JSON, json_call), (MESSAGEPACK, messagepack_call)]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.floats(width=64),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=9,
)


def refused(body: bytes, *, content_type: str = JSON, category: str = "messages") -> str:
    event = "echo" if category == "messages" else "disconnected"
    with pytest.raises(Refusal) as caught:
        read(headers(category, event, content_type=content_type), body)
    return caught.value.code


@PROTOCOLS
@pytest.mark.parametrize(
    ("id_", "arguments"),
    [
        (None, []),
        ("0", []),
        ("1", ["a", "b"]),
        ("2", [["a", ["b"]]]),
        ("3", [{"k1": "v", "k2": 2}]),
        ("4", [["a", None, 1.5]]),
    ],
)
def test_parses_invocation(
    content_type: str, call: Call, id_: str | None, arguments: Sequence[Any]
) -> None:
    request = read(headers(content_type=content_type), call(arguments, id_=id_))
    assert request.invocation_id == id_
    assert request.target == "echo"
    assert request.arguments == tuple(arguments)
    assert request.protocol == ("json" if content_type == JSON else "messagepack")


@PROTOCOLS
@given(arguments=st.lists(VALUES, max_size=4))
def test_parses_any_argument(content_type: str, call: Call, arguments: list[Any]) -> None:
    arguments = json.loads(json.dumps(arguments, allow_nan=True), parse_constant=lambda _: None)
    arguments = msgpack.unpackb(msgpack.packb(arguments))
    request = read(headers(content_type=content_type), call(arguments))
    assert request.arguments == tuple(arguments)


@pytest.mark.parametrize("data", [b"", b"\x01\x02\x03"])
def test_parses_bytes_in_messagepack(data: bytes) -> None:
    request = read(headers(content_type=MESSAGEPACK), messagepack_call([data]))
    assert request.arguments == (data,)


def test_a_timestamp_is_a_datetime_and_other_extensions_are_null() -> None:
    moment = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    arguments = [msgpack.Timestamp.from_datetime(moment), msgpack.ExtType(7, b"x")]
    request = read(headers(content_type=MESSAGEPACK), messagepack_call(arguments))
    assert request.arguments == (moment, None)


def test_accepts_six_elements_of_dotnet_client() -> None:
    body = msgpack.packb([1, {"h": "v"}, None, "echo", ["x"], ["stream"]])
    assert read(headers(content_type=MESSAGEPACK), body).arguments == ("x",)


def test_ignores_case_and_unknown_keys() -> None:
    body = b'{"Type":1,"INVOCATIONID":"7","Target":"ECHO","Arguments":null,"headers":{},"x":1}'
    request = read(headers(), body)
    assert (request.invocation_id, request.target, request.arguments) == ("7", "ECHO", ())


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json"]
)
def test_ignores_parameters_and_case_of_media_type(content_type: str) -> None:
    assert read(headers(content_type=content_type), json_call()).protocol == "json"


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/jsonx", "application"])
def test_refuses_other_media_type(content_type: str) -> None:
    assert refused(json_call(), content_type=content_type) == "media_type"
    with pytest.raises(UnsupportedBody):
        read(headers(content_type=content_type), json_call())


def test_connection_events_must_be_json() -> None:
    body = msgpack.packb({"type": 11})
    assert refused(body, content_type=MESSAGEPACK, category="connections") == "media_type"


@pytest.mark.parametrize("body", [b'{"type":10}', b'{"Type":10,"more":1}', b""])
def test_parses_connected(body: bytes) -> None:
    request = read(headers("connections", "connected"), body)
    assert (request.target, request.arguments, request.error) == (None, (), None)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"Type":11}', None),
        (b'\r\n {"type":11}\t\n', None),
        (b'{"type":11,"error":""}', None),
        (b'{"type":11,"error":null}', None),
        (b'{"Type":11,"Error":"Server timeout."}', "Server timeout."),
    ],
)
def test_parses_disconnected(body: bytes, error: str | None) -> None:
    assert read(headers("connections", "disconnected"), body).error == error


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "body_malformed"),
        (b"{", "body_malformed"),
        (b"\xff\xfe{}", "body_malformed"),
        ('{"type":11}'.encode("utf-16"), "body_malformed"),
        (b'\xef\xbb\xbf{"type":11}', "body_malformed"),
        (b'{"type":11} {}', "body_malformed"),
        (b'\xc2\xa0{"type":11}', "body_malformed"),
        (b'{"type":11}\x0b', "body_malformed"),
        (b'{"type":11,"error":NaN}', "body_malformed"),
        (b'{"type":11,"x":' + b"9" * 5_000 + b"}", "body_malformed"),
        (b"[" * 100_000, "body_malformed"),
        (b"[11]", "body_field"),
        (b"null", "body_field"),
        (b'{"type":11,"Type":10}', "body_field"),
        (b'{"type":10,"type":11}', "body_field"),
        (b'{"type":11,"type":11}', "body_field"),
        (b'{"t\\u0079pe":10,"type":11}', "body_field"),
        (b'{"type":11,"x":1,"x" : 2}', "body_field"),
        (b'{"type":11,"error":1e999}', "body_malformed"),
        (b'{"type":11,"x":[-1e999]}', "body_malformed"),
        (b'{"type":11,"error":1}', "body_field"),
        (b"{}", "body_type"),
        (b'{"type":10}', "body_type"),
        (b'{"type":"11"}', "body_type"),
        (b'{"type":11.0}', "body_type"),
        (b'{"type":true}', "body_type"),
    ],
)
def test_refuses_invalid_disconnected(body: bytes, code: str) -> None:
    assert refused(body, category="connections") == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": 6}, "body_type"),
        ({"type": None}, "body_type"),
        ({"target": None}, "body_field"),
        ({"target": ["echo"]}, "body_field"),
        ({"target": "say"}, "target_mismatch"),
        ({"invocationId": 1}, "body_field"),
        ({"invocationId": "1" * 65}, "body_field"),
        ({"arguments": 0}, "body_field"),
        ({"arguments": {}}, "body_field"),
        ({"arguments": [0] * 65}, "body_field"),
    ],
)
def test_refuses_invalid_json_invocation(change: dict[str, Any], code: str) -> None:
    body = json.dumps(json.loads(json_call()) | change).encode()
    assert refused(body) == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "body_malformed"),
        (messagepack_call() + b"\x00", "body_malformed"),
        (messagepack_call()[:-1], "body_malformed"),
        (b"\xdd\xff\xff\xff\xff", "body_malformed"),
        (b"\x91" * 100_000, "body_malformed"),
        (b"\xc1", "body_malformed"),
        (b"\x95\x01\x80\xa10\xa2\xff\xfe\x90", "body_malformed"),
        (b"\x95\x01\x81\x01\x02\xa10\xa4echo\x90", "body_malformed"),
        (msgpack.packb({"type": 1}), "body_field"),
        (msgpack.packb([1, {}, "0", "echo"]), "body_field"),
        (msgpack.packb([1, None, "0", "echo", []]), "body_field"),
        (msgpack.packb([1, {}, 0, "echo", []]), "body_field"),
        (msgpack.packb([1, {}, "0", b"echo", []]), "body_field"),
        (msgpack.packb([1, {}, "0", "echo", {}]), "body_field"),
        (msgpack.packb([1, {}, "0", "echo", [{b"k": 1}]]), "body_field"),
        (msgpack.packb([3, {}, "0", "echo", []]), "body_type"),
        (msgpack.packb([True, {}, "0", "echo", []]), "body_type"),
        (msgpack.packb([1, {}, "0", "say", []]), "target_mismatch"),
    ],
)
def test_refuses_invalid_messagepack_invocation(body: bytes, code: str) -> None:
    assert refused(body, content_type=MESSAGEPACK) == code


@pytest.mark.parametrize(
    "body",
    [
        b'{"target":"say","target":"echo","type":1}',
        b'{"type":1,"target":"echo","arguments":["a"],"arguments":["b"]}',
        b'{"type":1,"target":"echo","arguments":[{"a":"b"}],"invocationId":"0","invocationId":"1"}',
    ],
)
def test_refuses_duplicate_field(body: bytes) -> None:
    assert refused(body) == "body_field"


FIELDS = st.sampled_from(['"x"', '"X"', '"y"', '"\\u0078"', '"\\"x"', '"type"', '"arguments"'])
BLANKS = st.sampled_from(["", " ", "\n"])
HELD = st.sampled_from(['"x:"', '"\\"x\\":"', '{"x":{"x":1},"y":":"}', '[{"x":1},{"x":1}]', "1"])


@given(st.lists(st.tuples(FIELDS, BLANKS, HELD), max_size=4))
def test_detects_duplicate_fields_as_json_parser(
    fields: list[tuple[str, str, str]],
) -> None:
    names = ['"type"', '"target"', *(name for name, _, _ in fields)]
    more = "".join(f",{name}{blank}:{blank}{value}" for name, blank, value in fields)
    body = f'{{"type":1,"target":"echo"{more}}}'.encode()
    if len({json.loads(name).lower() for name in names}) < len(names):
        assert refused(body) == "body_field"
    elif all(name != '"arguments"' or value.startswith("[") for name, _, value in fields):
        assert read(headers(), body).target == "echo"


def test_accepts_any_names_in_arguments() -> None:
    body = b'{"type":1,"target":"echo","arguments":[{"type":1,"target":{"type":"a"}}]}'
    assert read(headers(), body).arguments == ({"type": 1, "target": {"type": "a"}},)


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"1" * 400 + b".0", b'{"a":[1E+999]}'])
def test_refuses_oversized_number(number: bytes) -> None:
    assert refused(b'{"type":1,"target":"echo","arguments":[' + number + b"]}") == "body_malformed"


@PROTOCOLS
def test_refuses_deep_nesting(content_type: str, call: Call) -> None:
    def nested(depth: int) -> list[Any]:
        return [] if depth == 1 else [nested(depth - 1)]

    assert read(headers(content_type=content_type), call([nested(63)])).arguments
    assert refused(call([nested(65)]), content_type=content_type) == "body_nesting"


def test_any_depth_is_at_most_refused() -> None:
    for depth in range(500, 1_200):
        nested = b'{"a":' * depth + b'"\\n"' + b"}" * depth
        body = b'{"type":1,"target":"echo","arguments":[' + nested + b"]}"
        assert refused(body) in {"body_malformed", "body_nesting"}


@pytest.mark.parametrize("content_type", [JSON, MESSAGEPACK])
@pytest.mark.parametrize("category", ["connections", "messages"])
@given(
    body=st.binary(max_size=64)
    | VALUES.map(msgpack.packb)
    | VALUES.map(lambda v: json.dumps(v).encode())
)
def test_any_body_is_at_most_refused(content_type: str, category: str, body: bytes) -> None:
    event = "echo" if category == "messages" else "disconnected"
    with suppress(ProtocolError, UnsupportedBody):
        read(headers(category, event, content_type=content_type), body)
