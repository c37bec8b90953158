"""The time limit of reading bodies: blocks of an event loop that take too long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from upstreams.receiver.serving.body_deadlines import Deadlines, TimeLimit

# Longer than any test takes.
_LONG = 600.0


async def _sleep(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


async def _run(deadlines: Deadlines, coroutine: Coroutine[Any, Any, str], seconds: float) -> str:
    with TimeLimit(deadlines, seconds):
        return await coroutine


async def _outcomes(deadlines: Deadlines, limits: list[float]) -> list[Any]:
    waiting = [_run(deadlines, _sleep(_LONG), seconds) for seconds in limits]
    return await asyncio.gather(*waiting, return_exceptions=True)


def test_returns_what_the_coroutine_returns() -> None:
    assert asyncio.run(_run(Deadlines(), _sleep(0), _LONG)) == "done"


def test_passes_on_what_the_coroutine_raises() -> None:
    async def failing() -> str:
        raise ValueError("of the coroutine")

    with pytest.raises(ValueError, match="of the coroutine"):
        asyncio.run(_run(Deadlines(), failing(), _LONG))


@pytest.mark.parametrize(
    "limits", [[0.02] * 50, [0.02, 0.3, 0.1], [0.3, 0.02], [_LONG, 0.02], [0, -1]]
)
def test_each_coroutine_ends_at_its_own_time_limit(limits: list[float]) -> None:
    async def all_of_them() -> list[Any]:
        deadlines = Deadlines()
        long = [asyncio.create_task(_outcomes(deadlines, [each])) for each in limits]
        short = [task for task, each in zip(long, limits, strict=True) if each < _LONG]
        ended = await asyncio.gather(*short)
        assert all(not task.done() for task in long if task not in short)
        for task in long:
            task.cancel()
        return [outcome for outcomes in ended for outcome in outcomes]

    outcomes = asyncio.run(all_of_them())
    assert outcomes
    assert all(isinstance(each, TimeoutError) for each in outcomes)


def test_a_later_coroutine_of_the_same_task_has_a_time_limit_of_its_own() -> None:
    async def one_after_the_other() -> str:
        deadlines = Deadlines()
        with pytest.raises(TimeoutError):
            await _run(deadlines, _sleep(_LONG), 0.02)
        task = asyncio.current_task()
        assert task is not None
        assert not task.cancelling()
        assert await _run(deadlines, _sleep(0.01), _LONG) == "done"
        with pytest.raises(TimeoutError):
            await _run(deadlines, _sleep(_LONG), 0.02)
        return await _sleep(0.1)

    assert asyncio.run(one_after_the_other()) == "done"


def test_a_task_that_others_cancel_is_cancelled() -> None:
    async def cancelled() -> None:
        deadlines = Deadlines()
        task = asyncio.create_task(_run(deadlines, _sleep(_LONG), _LONG))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_a_task_that_others_cancel_at_its_time_limit_is_cancelled() -> None:
    async def cancelled() -> None:
        deadlines = Deadlines()
        task = asyncio.create_task(_run(deadlines, _sleep(_LONG), 0.02))
        while not task.cancelling():
            await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_serves_one_event_loop_after_another() -> None:
    deadlines = Deadlines()

    async def left_waiting() -> None:
        waiting = asyncio.create_task(_run(deadlines, _sleep(_LONG), _LONG))
        await asyncio.sleep(0)
        assert not waiting.done()

    for _ in range(2):
        asyncio.run(left_waiting())
        with pytest.raises(TimeoutError):
            asyncio.run(_run(deadlines, _sleep(_LONG), 0.02))
