"""Client results: call a client's method and wait for what it returns.

How long the service waits is not known; 30 seconds are ours.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from typing import Final

from starlette.responses import JSONResponse, PlainTextResponse, Response

from localazure.service.protocol.message_reader import Message
from localazure.service.rest.call import RestCall
from localazure.service.rest.sends import read_invocation

TIMEOUT_SECONDS: Final = 30


async def invoke_connection(rest: RestCall) -> Response:
    """Return the client's result; 400 with its error."""
    connection = rest.connection()
    frame = replace(read_invocation(rest), invocation_id=uuid.uuid4().hex)
    waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    connection.results[str(frame.invocation_id)] = waiting
    try:
        connection.send(frame)
        message = await asyncio.wait_for(waiting, TIMEOUT_SECONDS)
    except TimeoutError:
        return PlainTextResponse("The client did not respond in time.", 400)
    except asyncio.CancelledError:
        if not waiting.cancelled():
            raise
        return PlainTextResponse("The client disconnected.", 400)
    finally:
        connection.results.pop(str(frame.invocation_id), None)
    if message.error is not None:
        return PlainTextResponse(message.error, 400)
    return JSONResponse({"result": message.result})
