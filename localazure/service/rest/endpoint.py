"""The REST API over HTTP: find the operation, authorise the caller, check names, answer.

The path is split before it is decoded, so that a name may hold a slash; a segment of dots alone
never gets here from clients that normalise URLs, which turns `users/../:send` into a broadcast.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs, unquote

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Send

from localazure.service.authentication.callers import Forbidden, authorize
from localazure.service.authentication.tokens import Unauthorized
from localazure.service.clients.admission import HUB_NAME
from localazure.service.clients.refusals import blocked_by_network, not_found, unauthorized
from localazure.service.context import Call
from localazure.service.instances import REST_API
from localazure.service.rest.call import V1, Query, RestCall
from localazure.service.rest.errors import RestError, invalid
from localazure.service.rest.operations import API_VERSIONS, OPERATIONS_BY_SHAPE, Operation
from localazure.service.rest.sends import MAXIMUM_BODY_BYTES
from localazure.serving.requests import header, whole_body

_NAME_CHARACTERS: Final = 1024
_HEADER_BYTES: Final = 16 * 1024
_SYMBOLS = "The first character must be a letter, other characters can be letters, digits or the "
_HUB_RULE: Final = (
    "{} should be in between 1 and 128 characters long. " + _SYMBOLS + "following symbols _`,.[]"
)
_VERSION_PREFIX = re.compile(r"/api/v1(/|$)")


async def serve_rest(call: Call, receive: Receive, send: Send) -> None:
    """Answer a request to the REST API."""
    try:
        response = await _answer(call, await whole_body(receive))
    except RestError as error:
        response = error.response()
    except Unauthorized as error:
        response = unauthorized(str(error))
    except Forbidden:
        response = PlainTextResponse("Please check your role assignments.", 403)
    if call.scope["method"] == "HEAD":
        response.body = b""
    await response(call.scope, receive, send)


async def _answer(call: Call, body: bytes) -> Response:
    if not call.instance.permits(REST_API, call.address):
        return blocked_by_network()
    if call.path in ("/api/health", "/api/v1/health"):
        return Response()
    query = _query(call.scope["query_string"])
    found = _find(call, query)
    if found is None:
        return not_found("Not found")
    operation, version, names = found
    authorize(call, call.bearer(), operation.action)
    _check_size(call, body)
    _check(names, query)
    content_type = header(call.scope, b"content-type").partition(";")[0].strip().lower()
    answer = operation.handler(RestCall(call, version, names, body, content_type, query))
    return answer if isinstance(answer, Response) else await answer


@lru_cache(maxsize=256)
def _query(text: bytes) -> Query:
    """Return the query's parameters, which most requests have in common."""
    return parse_qs(text.decode("latin-1"), keep_blank_values=True)


def _find(call: Call, query: Query) -> tuple[Operation, str, dict[str, str]] | None:
    """Return the operation, the api-version and the names in the path. Raises RestError."""
    is_v1 = bool(_VERSION_PREFIX.match(call.path))
    if not is_v1 and not call.path.startswith("/api/"):
        return None
    version = V1 if is_v1 else _api_version(query)
    segments = call.path.removeprefix("/api/v1/" if is_v1 else "/api/").rstrip("/").split("/")
    for operation in OPERATIONS_BY_SHAPE.get((call.scope["method"], len(segments)), ()):
        names = _names(operation, segments)
        if names is not None and operation.is_in(version):
            return operation, version, names
    return None


def _api_version(query: Query) -> str:
    version = query.get("api-version", [None])[-1]
    if version is None:
        raise invalid("The query parameter 'api-version' is required.", "api-version")
    if version not in API_VERSIONS:
        known = ", ".join(API_VERSIONS)
        raise invalid(f"The api-version '{version}' is not one of: {known}.", "api-version")
    return version


def _names(operation: Operation, segments: list[str]) -> dict[str, str] | None:
    names = {}
    for expected, segment in zip(operation.path, segments, strict=True):
        if expected.startswith("{"):
            names[expected.strip("{}")] = unquote(segment)
        elif expected.lower() != segment.lower():
            return None
    return names


def _check_size(call: Call, body: bytes) -> None:
    if len(body) > MAXIMUM_BODY_BYTES:
        raise RestError(413, "Error.Request.TooLarge", "The request body is larger than 1 MB.")
    if sum(len(name) + len(value) for name, value in call.scope["headers"]) > _HEADER_BYTES:
        raise RestError(431, "Error.Request.TooLarge", "The headers are larger than 16 KB.")


def _check(names: dict[str, str], query: Query) -> None:
    """Check the names, and put the application before the hub. Raises RestError."""
    if "hub" in names:
        if not HUB_NAME.fullmatch(names["hub"]):
            raise invalid(_HUB_RULE.format("Invalid hub name. Valid hub name"), "hub")
        application = query.get("application", [""])[0]
        if application and not HUB_NAME.fullmatch(application):
            text = "Invalid value of 'application'. Valid application name"
            raise invalid(_HUB_RULE.format(text), "application")
        prefix = f"{application}_" if application else ""
        names["hub"] = f"{prefix}{names['hub']}".lower()
    for name in ("group", "user", "connection"):
        value = names.get(name, "-")
        if not value.strip() or len(value) > _NAME_CHARACTERS:
            raise invalid(
                f"Invalid {name}. A valid {name} is in between 1 and 1024 characters long.", name
            )
