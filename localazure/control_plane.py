"""The control plane under `/_local`: seed resources, read the request log, arm faults.

It requires no credentials: it listens on loopback only, and rejects cross-origin requests.
"""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from localazure import seed_loader
from localazure.arm.async_operations.operations import Progression
from localazure.arm.throttling import ARM_LIMITS, Limit
from localazure.world import world_of

_UNKNOWN_FIELD = re.compile(r"unexpected keyword argument '(\w+)'")
_MISSING_FIELDS = re.compile(r"missing \d+ required \S+ arguments?: (.+)")
_JSON_NAMES: dict[type[Any], str] = {dict: "object", list: "array"}


class ControlError(Exception):
    """The control request is invalid; the text says why."""


def reason_of(error: Exception) -> str:
    """Return why a description is invalid, in terms of its JSON; `error` is Python's."""
    if isinstance(error, KeyError):
        return f"The field {error} is required."
    if isinstance(error, re.error):
        return f"{error.pattern!r} is not a regular expression: {error}."
    text = str(error)
    if found := _UNKNOWN_FIELD.search(text):
        return f"There is no field '{found[1]}'."
    if found := _MISSING_FIELDS.search(text):
        return f"These fields are required: {found[1]}."
    return text if text.endswith(".") else f"{text}."


def refused(_request: Request, error: Exception) -> Response:
    """Return the response to a ControlError."""
    return JSONResponse({"error": str(error)}, status_code=400)


async def content(request: Request, kind: type[Any] = dict) -> Any:
    """Return the JSON body, which has to be of `kind`. Raises ControlError."""
    # A cross-origin page needs a CORS preflight for this type, and none is answered.
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise ControlError("Send the body with Content-Type: application/json.")
    try:
        value = json.loads(await request.body())
    except ValueError as error:
        raise ControlError(f"The body is not JSON: {error}.") from error
    if not isinstance(value, kind):
        raise ControlError(f"The body must be a JSON {_JSON_NAMES[kind]}.")
    return value


async def reset(request: Request) -> Response:
    """POST /_local/reset: restore the initial state."""
    world = world_of(request)
    world.clear()
    request.app.state.load_seed(world)
    return _done()


async def add_resources(request: Request) -> Response:
    """POST /_local/seed: add the resources that the body describes."""
    try:
        seed_loader.load_seed(world_of(request), await content(request))
    except (ValueError, KeyError, TypeError) as error:
        raise ControlError(f"The seed is invalid. {reason_of(error)}") from error
    return _done()


async def list_requests(request: Request) -> Response:
    """GET /_local/requests?method=&after=: the requests received, oldest first.

    Those of the control plane are left out. `after` is the `number` of a request.
    """
    query = request.query_params
    try:
        after = int(query.get("after", "0"))
    except ValueError as error:
        raise ControlError("after must be the number of a request.") from error
    return JSONResponse(world_of(request).journal.entries(method=query.get("method"), after=after))


async def forget_requests(request: Request) -> Response:
    """DELETE /_local/requests."""
    world_of(request).journal.clear()
    return _done()


async def arm_faults(request: Request) -> Response:
    """POST /_local/faults: add a list of faults."""
    try:
        world_of(request).faults.arm(await content(request, list))
    except (TypeError, re.error) as error:
        raise ControlError(f"A fault is invalid. {reason_of(error)}") from error
    return _done()


async def disarm_faults(request: Request) -> Response:
    """DELETE /_local/faults."""
    world_of(request).faults.clear()
    return _done()


async def set_progression(request: Request) -> Response:
    """POST /_local/operations: set the progression of later operations."""
    body = await content(request)
    named = {"retry_after" if name == "retryAfter" else name: body[name] for name in body}
    if "polls" in named or "seconds" in named:
        named = {"polls": None, "seconds": None} | named
    try:
        world_of(request).operations.progression = Progression(**named)
    except (TypeError, ValueError) as error:
        raise ControlError(f"The progression is invalid. {reason_of(error)}") from error
    return _done()


async def finish_operations(request: Request) -> Response:
    """POST /_local/operations/finish: end every running operation as its progression says."""
    world_of(request).operations.finish()
    return _done()


async def set_replication_delay(request: Request) -> Response:
    """POST /_local/directory {delay}: that many role assignments fail to find their principal."""
    delay = (await content(request)).get("delay")
    if not isinstance(delay, int) or delay < 0:
        raise ControlError("delay must be a number of role assignments, 0 or more.")
    world_of(request).replication_delay = delay
    return _done()


async def set_page_size(request: Request) -> Response:
    """POST /_local/paging {size}: set the number of resources on a page of a list."""
    size = (await content(request)).get("size")
    if not isinstance(size, int) or size < 1:
        raise ControlError("size must be a number of resources, 1 or more.")
    world_of(request).page_size = size
    return _done()


async def set_throttle(request: Request) -> Response:
    """POST /_local/throttle {reads|writes|deletes: {size, refill}, enforced?}: rate limits."""
    body = await content(request)
    enforced = body.pop("enforced", True)
    try:
        limits = {kind: Limit(**limit) for kind, limit in body.items()}
    except TypeError as error:
        raise ControlError(f"A limit is invalid. {reason_of(error)}") from error
    if not set(limits) <= set(ARM_LIMITS):
        raise ControlError(f"The kinds of limits are: {', '.join(ARM_LIMITS)}.")
    world_of(request).throttle.configure(limits, enforced=enforced)
    return _done()


async def rotate_keys(request: Request) -> Response:
    """POST /_local/keys/rotate: sign with a new key; the old ones stay published."""
    return JSONResponse({"kid": world_of(request).keys.rotate().kid})


def _done() -> Response:
    return Response(status_code=204)


ROUTES = [
    Route("/_local/reset", reset, methods=["POST"]),
    Route("/_local/seed", add_resources, methods=["POST"]),
    Route("/_local/requests", list_requests),
    Route("/_local/requests", forget_requests, methods=["DELETE"]),
    Route("/_local/faults", arm_faults, methods=["POST"]),
    Route("/_local/faults", disarm_faults, methods=["DELETE"]),
    Route("/_local/operations", set_progression, methods=["POST"]),
    Route("/_local/operations/finish", finish_operations, methods=["POST"]),
    Route("/_local/directory", set_replication_delay, methods=["POST"]),
    Route("/_local/paging", set_page_size, methods=["POST"]),
    Route("/_local/throttle", set_throttle, methods=["POST"]),
    Route("/_local/keys/rotate", rotate_keys, methods=["POST"]),
]
