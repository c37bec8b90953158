"""For which request and which operation work is done: what log lines and rows name it by.

Both are context variables: each thread and each task of a worker has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# The id of the request that caused what is done now; empty where none did.
request_id: Final = ContextVar("request_id", default="")
# The id of the operation that is worked on now; empty where none is.
operation_id: Final = ContextVar("operation_id", default="")


def present_request() -> str:
    """Return the id of the request that caused what is done now; the default of rows' fields."""
    return request_id.get()


@contextmanager
def working_on(operation: str, *, request: str) -> Iterator[None]:
    """Name the operation that is worked on, and the request that started it, while it lasts."""
    before = operation_id.set(operation), request_id.set(request)
    try:
        yield
    finally:
        operation_id.reset(before[0])
        request_id.reset(before[1])
