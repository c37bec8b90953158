"""Long-running operations over HTTP: the answer that starts one, and the two URLs to poll.

Source: Microsoft's recordings of azure-cli (2020 to 2024) and azure-service-operator (2025). The
result of a failed operation follows the ARM asynchronous-operations contract.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import dataclass

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.async_operations.operations import Operation
from localazure.arm.routing import Call

# Azure's signed URLs are about 3.4 kB long, most of it a certificate.
_CERTIFICATE_BYTES = 2200
_KIND = re.compile(r"/operation(?:Statuses|Results)/", re.IGNORECASE)


@dataclass(frozen=True)
class Addresses:
    """URLs at which the status and the result of an operation are polled.

    Templates of a path: `{owner}` is the id of the resource that is polled, `{group}` that of its
    resource group, `{name}` its name, `{location}` its location, `{operation}` the operation's
    name. An empty template stands for no URL.
    """

    status: str = "{owner}/operationStatuses/{operation}"
    result: str = "{owner}/operationResults/{operation}"
    is_signed: bool = False


RESOURCE = Addresses()
SIGNED = Addresses(is_signed=True)


@dataclass(frozen=True)
class Polling:
    """The resource under which an operation is polled, with its location, and the URLs' form."""

    owner: str
    addresses: Addresses = RESOURCE
    location: str = ""

    def path(self, template: str, operation: Operation) -> str:
        """Return the path of a template."""
        return template.format(
            owner=self.owner,
            group=self.owner.partition("/providers/")[0],
            name=self.owner.rsplit("/", 1)[-1],
            location=self.location,
            operation=operation.name,
        )


def accepted(
    call: Call,
    operation: Operation,
    response: Response | None = None,
    polling: Polling | None = None,
) -> Response:
    """Return the answer to a write that continues: by default an empty 202.

    It is polled under the operation's resource, unless `polling` says otherwise.
    """
    answer = response or Response(status_code=202)
    polling = polling or Polling(operation.resource_id)
    addresses = polling.addresses
    for header, template in (
        ("Azure-AsyncOperation", addresses.status),
        ("Location", addresses.result),
    ):
        if template:
            path = polling.path(template, operation)
            query = signature(path) if addresses.is_signed else {}
            answer.headers[header] = call.link(path, **query)
    return _with_retry_after(answer, operation)


def signature(path: str) -> dict[str, str]:
    """Return the query parameters with which Azure signs an operation's URL, in their real size.

    Clients have to treat them as opaque; Local Azure does not check them.
    """
    digest = hashlib.sha256(path.encode()).digest()
    certificate = (digest * (_CERTIFICATE_BYTES // len(digest) + 1))[:_CERTIFICATE_BYTES]
    return {
        "t": str(time.time_ns() // 100 + 621_355_968_000_000_000),
        "c": _encoded(certificate),
        "s": _encoded(digest * 8),
        "h": _encoded(digest),
    }


def status(call: Call) -> Response:
    """Answer GET for an operation's status."""
    operation = _polled(call)
    kind, tail = _KIND.split(call.path)[0], _KIND.split(call.path)[1]
    owner = operation.resource_id if _is_under(operation, kind) else kind
    return _with_retry_after(
        call.json(operation.to_arm(f"{owner}/operationStatuses/{tail}")), operation
    )


def result(call: Call) -> Response:
    """Answer GET for an operation's result: the resource, or nothing where it was deleted."""
    operation = _polled(call)
    if operation.is_running:
        answer = Response(status_code=202)
        answer.headers["Location"] = str(call.request.url)
        return _with_retry_after(answer, operation)
    if operation.status != "Succeeded":
        # The status code of a failed result is not recorded: ours.
        return call.json({"error": operation.error()}, 409)
    resource = call.world.resources.get(operation.resource_id)
    if resource is None:
        return Response(status_code=204)
    return call.json(call.view(resource))


def _is_under(operation: Operation, path: str) -> bool:
    """Return whether the path is the operation's own resource, spelled in any case."""
    return path.lower() == operation.resource_id.lower()


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


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
