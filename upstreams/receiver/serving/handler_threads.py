"""The threads in which handlers that are plain functions run."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from upstreams.receiver.serving.database_connections import close_unusable_connections

Value = TypeVar("Value")


class HandlerThreads:
    """At most `number` threads. Database connections are closed as Django does after a request."""

    def __init__(self, number: int) -> None:
        self._executor: Final = ThreadPoolExecutor(number, thread_name_prefix="handlers")

    async def run(self, function: Callable[[], Value], /) -> Value:
        """Return what the function returns in one of the threads, or raise what it raises."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, context.run, _with_connections, function)


def _with_connections(function: Callable[[], Value]) -> Value:
    close_unusable_connections()
    try:
        return function()
    finally:
        close_unusable_connections()
