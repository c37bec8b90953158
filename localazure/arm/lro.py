"""How long-running operations look over HTTP: the 202 that starts one, and the two places to poll.

Shapes: Microsoft's recordings of `az signalr` (2021 to 2024). DELETE's and failure's results are
from the ARM asynchronous-operations contract.
"""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.operations import Operation
from localazure.arm.routing import Call


def accepted(call: Call, operation: Operation, response: Response | None = None) -> Response:
    """Return the answer to a write that goes on: by default an empty 202."""
    answer = response or Response(status_code=202)
    for header, kind in (
        ("Azure-AsyncOperation", "operationStatuses"),
        ("Location", "operationResults"),
    ):
        answer.headers[header] = call.link(f"{operation.resource_id}/{kind}/{operation.name}")
    return _with_retry_after(answer, operation)


def status(call: Call) -> Response:
    """Answer GET operationStatuses/{operation}."""
    operation = _polled(call)
    return _with_retry_after(JSONResponse(operation.to_arm()), operation)


def result(call: Call) -> Response:
    """Answer GET operationResults/{operation}: the resource, or nothing where it was deleted."""
    operation = _polled(call)
    if operation.is_running:
        return accepted(call, operation)
    if operation.status != "Succeeded":
        # The status code of a failed result is not known: ours.
        return JSONResponse({"error": operation.error()}, status_code=409)
    if operation.result is None:
        return Response(status_code=204)
    return JSONResponse(operation.result.document)


def _polled(call: Call) -> Operation:
    name = call.parameters["operation"]
    operation = call.world.operations.find(name)
    if operation is None:
        raise errors.OperationNotFound(name)
    operation.polled += operation.is_running
    return operation


def _with_retry_after(response: Response, operation: Operation) -> Response:
    seconds = operation.progression.retry_after
    if operation.is_running and seconds is not None:
        response.headers["Retry-After"] = f"{seconds:g}"
    return response
