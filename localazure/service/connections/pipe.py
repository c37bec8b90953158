"""A queue of bytes between two tasks, bounded in memory."""

from __future__ import annotations

import asyncio
from collections import deque


class Pipe:
    """A queue of chunks that holds `limit` bytes, or one larger chunk.

    All methods are called on one event loop.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._has_ended = False
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is accepted."""
        return self._has_ended

    @property
    def is_full(self) -> bool:
        """Whether a writer has to wait."""
        return not self._writable.is_set()

    @property
    def size(self) -> int:
        """The number of pending bytes."""
        return self._size

    def offer(self, chunk: bytes) -> bool:
        """Add a chunk if it fits, and return whether it did."""
        if self._chunks and self._size + len(chunk) > self._limit:
            return False
        self._add(chunk)
        return True

    async def put(self, chunk: bytes) -> None:
        """Add a chunk as soon as it fits; drop it if the pipe has ended."""
        if self.is_full:
            await self._writable.wait()
        self._add(chunk)

    async def get(self) -> bytes | None:
        """Return the next chunk; None at the end."""
        if not self._chunks:
            await self._readable.wait()
        if not self._chunks:
            return None
        chunk = self._chunks.popleft()
        self._size -= len(chunk)
        self._update()
        return chunk

    async def wait(self) -> None:
        """Wait until there is a chunk, or the end."""
        await self._readable.wait()

    def drain(self) -> bytes:
        """Return all pending chunks."""
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        self._update()
        return data

    def end(self) -> None:
        """Accept nothing more; pending chunks can still be read."""
        self._has_ended = True
        self._update()

    def discard(self) -> None:
        """End, and drop pending chunks."""
        self._has_ended = True
        self.drain()

    def _add(self, chunk: bytes) -> None:
        if not self._has_ended:
            self._chunks.append(chunk)
            self._size += len(chunk)
            self._update()

    def _update(self) -> None:
        if self._chunks or self._has_ended:
            self._readable.set()
        else:
            self._readable.clear()
        if self._size < self._limit or self._has_ended:
            self._writable.set()
        else:
            self._writable.clear()
