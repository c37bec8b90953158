"""Reading the next pages of a list while the caller works on the current one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def read_ahead(items: Iterator[Item], most: int) -> Iterator[Item]:
    """Yield the items, which a thread takes from the iterator, at most `most` of them in advance.

    The thread has the caller's context variables. An error of the iterator is raised in its place;
    the thread ends with this iterator.
    """
    context = copy_context()

    def read() -> list[Item]:
        """Return the next item in a list, or an empty list at the end."""
        return list(islice(items, 1))

    executor = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
    try:
        waiting = deque(executor.submit(context.run, read) for _ in range(most))
        while found := waiting.popleft().result():
            waiting.append(executor.submit(context.run, read))
            yield from found
    finally:
        executor.shutdown(cancel_futures=True)
