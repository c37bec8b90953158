"""Reading the next pages of a list in advance."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from arm.transport.read_ahead import read_ahead

_SECONDS = 20
_request = ContextVar("request", default="")


def _threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("read-ahead")]


@pytest.mark.parametrize("number", [0, 1, 2, 3, 10])
@pytest.mark.parametrize("most", [1, 2, 20])
def test_yields_every_item_in_order(number: int, most: int) -> None:
    assert list(read_ahead(iter(range(number)), most)) == list(range(number))
    assert _threads() == []


def test_reads_on_while_the_caller_works_and_not_further() -> None:
    read: list[int] = []
    third = threading.Event()

    def pages() -> Iterator[int]:
        for number in range(10):
            read.append(number)
            if number == 2:
                third.set()
            yield number

    found = read_ahead(pages(), 2)
    assert next(found) == 0
    assert third.wait(_SECONDS)
    found.close()  # type: ignore[attr-defined]
    assert read == [0, 1, 2]
    assert _threads() == []


def test_an_error_is_raised_after_the_items_before_it() -> None:
    def pages() -> Iterator[int]:
        yield 1
        raise ValueError("the second page")

    found = read_ahead(pages(), 3)
    assert next(found) == 1
    with pytest.raises(ValueError, match="the second page"):
        next(found)
    assert _threads() == []


def test_the_thread_has_the_callers_context() -> None:
    def pages() -> Iterator[str]:
        yield _request.get()

    before = _request.set("42")
    try:
        assert list(read_ahead(pages(), 2)) == ["42"]
    finally:
        _request.reset(before)
