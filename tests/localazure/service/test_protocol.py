from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localazure.service.connections.pipe import Pipe
from localazure.service.protocol.frames import (
    Broadcast,
    Close,
    Completion,
    Invocation,
    Ping,
    protocol_named,
    with_length,
)
from localazure.service.protocol.message_reader import (
    Message,
    MessageReader,
    ProtocolError,
    read_handshake,
)

JSON, MESSAGEPACK = protocol_named("json"), protocol_named("messagepack")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("frame", "text", "array"),
    [
        (Ping(), '{"type":6}', [6]),
        (Close("x", True), '{"type":7,"error":"x","allowReconnect":true}', [7, "x", True]),
        (Close(), '{"type":7,"allowReconnect":false}', [7, None, False]),
        (
            Invocation("t", (1,)),
            '{"type":1,"target":"t","arguments":[1]}',
            [1, {}, None, "t", [1], []],
        ),
        (Completion("1"), '{"type":3,"invocationId":"1"}', [3, {}, "1", 2]),
        (
            Completion("1", error="e"),
            '{"type":3,"invocationId":"1","error":"e"}',
            [3, {}, "1", 1, "e"],
        ),
        (
            Completion("1", None, has_result=True),
            '{"type":3,"invocationId":"1","result":null}',
            [3, {}, "1", 3, None],
        ),
    ],
)
def test_frames_in_both_protocols(frame: Any, text: str, array: list[Any]) -> None:
    assert JSON.encode(frame) == text.encode() + b"\x1e"
    assert MESSAGEPACK.encode(frame) == with_length(msgpack.packb(array))


@given(
    st.lists(st.lists(VALUES, max_size=3), max_size=5),
    st.sampled_from([JSON, MESSAGEPACK]),
    st.data(),
)
def test_reader_finds_frames_in_any_chunks(
    calls: list[list[Any]], protocol: Any, data: st.DataObject
) -> None:
    frames = [protocol.encode(Invocation("t", tuple(arguments))) for arguments in calls]
    stream = b"".join(frames)
    reader = MessageReader(protocol, 2**20)
    read: list[Message] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        read += reader.feed(stream[:size])
        stream = stream[size:]
    decode: Any = msgpack.unpackb if protocol.is_binary else json.loads
    assert [decode(one.payload) for one in read] == [
        decode(MessageReader(protocol, 2**20).feed(frame).__next__().payload) for frame in frames
    ]
    assert [one.target for one in read] == ["t"] * len(calls)


@given(st.binary(max_size=200), st.sampled_from([JSON, MESSAGEPACK]))
def test_reader_survives_any_bytes(data: bytes, protocol: Any) -> None:
    with contextlib.suppress(ProtocolError):
        list(MessageReader(protocol, 100).feed(data))


def test_handshake_waits_for_its_end() -> None:
    request = b'{"protocol":"messagepack","version":1}\x1e'
    assert read_handshake(request[:10]) is None
    assert read_handshake(request + b"rest") == (MESSAGEPACK, b"rest")


def test_broadcast_encodes_once() -> None:
    broadcast = Broadcast(Invocation("t"))
    assert broadcast.bytes_for(JSON) is broadcast.bytes_for(JSON)
    assert Broadcast(encoded={"json": b"x"}).bytes_for(MESSAGEPACK) is None


def test_pipe_is_bounded() -> None:
    async def fill() -> None:
        pipe = Pipe(10)
        assert pipe.offer(b"x" * 100)
        assert not pipe.offer(b"y")
        waiting = asyncio.create_task(pipe.put(b"z"))
        await asyncio.sleep(0)
        assert not waiting.done()
        assert await pipe.get() == b"x" * 100
        await waiting
        pipe.end()
        await pipe.put(b"dropped")
        assert (await pipe.get(), await pipe.get()) == (b"z", None)

    asyncio.run(fill())
