"""The ids of the current request and operation, for log lines, rows and spans.

Both are context variables: each thread and each task of a worker has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# The id of the request that caused the current work; empty where there is none.
request_id: Final = ContextVar("request_id", default="")
# The id of the operation that is being carried out; empty where there is none.
operation_id: Final = ContextVar("operation_id", default="")


def current_request_id() -> str:
    """Return the id of the request that caused the current work; the default of model fields."""
    return request_id.get()


@contextmanager
def operation_context(operation: str, *, request: str) -> Iterator[None]:
    """Set the ids of an operation, and of the request that started it, for this block."""
    before = operation_id.set(operation), request_id.set(request)
    try:
        yield
    finally:
        operation_id.reset(before[0])
        request_id.reset(before[1])
