"""Reading a body from an ASGI server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstreams.receiver.protocol.refusals import BodyTimeout, BodyTooLarge, ProtocolError
from upstreams.receiver.serving.body import read_body

Message = dict[str, Any]


class Sender:
    """A client that sends a body in parts, and then nothing more."""

    def __init__(self, parts: Iterable[bytes], *, is_cut_off: bool = False) -> None:
        self.parts = list(parts)
        self.asked = 0
        self._is_cut_off = is_cut_off

    async def receive(self) -> Message:
        self.asked += 1
        if self.parts:
            # As granian does, announce more until there is nothing.
            return {"type": "http.request", "body": self.parts.pop(0), "more_body": True}
        if self._is_cut_off:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    def read(self, max_bytes: int = 99, length: str = "", seconds: float = 30) -> bytes:
        """Return the body."""
        receive: Any = self.receive
        return asyncio.run(read_body(receive, length, max_bytes=max_bytes, seconds=seconds))


@given(parts=st.lists(st.binary(max_size=9), max_size=9), size=st.integers(0, 99))
def test_reads_all_parts_up_to_the_limit(parts: list[bytes], size: int) -> None:
    whole = b"".join(parts)
    if len(whole) > size:
        with pytest.raises(BodyTooLarge):
            Sender(parts).read(size)
    else:
        assert Sender(parts).read(size) == whole


def test_stops_reading_at_the_announced_length() -> None:
    sender = Sender([b"body"])
    assert sender.read(length="4") == b"body"
    assert sender.asked == 1
    empty = Sender([])
    assert empty.read(length="0") == b""
    assert empty.asked == 0


def test_stops_reading_a_body_that_is_too_large() -> None:
    sender = Sender([b"12345"] * 9)
    with pytest.raises(BodyTooLarge):
        sender.read(12)
    assert len(sender.parts) == 6


@pytest.mark.parametrize("length", ["100", "9" * 5000])
def test_refuses_a_length_that_is_too_large(length: str) -> None:
    sender = Sender([b"body"])
    with pytest.raises(BodyTooLarge):
        sender.read(99, length=length)
    assert sender.asked == 0


@pytest.mark.parametrize("parts", [[], [b"123"]])
def test_refuses_a_body_that_ends_early(parts: list[bytes]) -> None:
    with pytest.raises(ProtocolError, match="closed before the body was complete"):
        Sender(parts, is_cut_off=True).read(length="5")


def test_refuses_a_body_that_does_not_arrive_in_time() -> None:
    parts = [b"123"]

    async def receive() -> Message:
        if not parts:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": parts.pop(), "more_body": True}

    taken: Any = receive
    with pytest.raises(BodyTimeout):
        asyncio.run(read_body(taken, "5", max_bytes=99, seconds=0.01))


def test_refuses_body_in_tiny_parts() -> None:
    sender = Sender([b"a"] * 10_000)
    with pytest.raises(ProtocolError) as refused:
        sender.read(max_bytes=1_000_000)
    assert refused.value.code == "body_fragmented"
    assert sender.asked < 200


@pytest.mark.parametrize("size", [536, 1_460, 65_536])
def test_reads_body_in_segments_of_a_network(size: int) -> None:
    parts = [b"a" * size] * (2_000_000 // size)
    assert Sender(parts).read(max_bytes=2_000_000) == b"".join(parts)


def test_reads_small_body_byte_by_byte() -> None:
    assert Sender([b"a"] * 100).read(max_bytes=1_000) == b"a" * 100
