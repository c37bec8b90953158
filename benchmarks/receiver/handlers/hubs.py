"""Handlers that are coroutine functions."""

from __future__ import annotations

import asyncio
from typing import Final

from examples.chat.hubs import chat
from upstreams.receiver import UpstreamRequest

WAIT_SECONDS: Final = 0.05


@chat.message("echo_async")
async def echo_async(_request: UpstreamRequest, text: str) -> str:
    """Return `text`."""
    return text


@chat.message("wait")
async def wait(_request: UpstreamRequest, text: str) -> str:
    """Return `text` after 50 ms."""
    await asyncio.sleep(WAIT_SECONDS)
    return text
