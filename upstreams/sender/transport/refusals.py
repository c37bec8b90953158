"""Responses of the service that are not a success, as errors that say what to do.

Sources: RestClient.cs of Microsoft's Management SDK, and the swagger: a 404 with `x-ms-error-code`
says that a connection, user or group does not exist; without it, the endpoint is wrong.
"""

from __future__ import annotations

import math
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from upstreams.sender.endpoints import Endpoint
from upstreams.sender.errors import SendError
from upstreams.sender.transport.responses import NoResponse, Response
from upstreams.sender.transport.rest_requests import KEY_PATH, Request

_CODE: Final = "x-ms-error-code"
_ABSENT: Final = ("NotExisted", "NotInGroup")
_REASON: Final = re.compile(r'error_description="([^"]*)"')
# The proxy in front of the service, which applies the network rules.
_PROXY: Final = "nginx"
_TEXT_LENGTH: Final = 300


def is_absent(response: Response) -> bool:
    """Return whether a response says that what the call names does not exist."""
    code = response.headers.get(_CODE, "")
    return response.status == HTTPStatus.NOT_FOUND and code.endswith(_ABSENT)


def is_repeatable(request: Request, status: int) -> bool:
    """Return whether Microsoft's SDK retries after this status.

    A send that ended with 500 may have reached the clients.
    """
    if request.is_send:
        return status > HTTPStatus.INTERNAL_SERVER_ERROR
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT


def refusal(endpoint: Endpoint, request: Request, response: Response) -> SendError:
    """Return the error for a response."""
    status = response.status
    code = response.headers.get(_CODE, "")
    shown = f"{status} {code}" if code else str(status)
    verb = "failed" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "refused"
    return SendError(
        f"The SignalR service {endpoint.instance!r} {verb} to {request.action} ({shown}): "
        f"{_explanation(endpoint, request, response)}",
        status=status,
        code=code,
        retryable=is_repeatable(request, status) or status == HTTPStatus.TOO_MANY_REQUESTS,
        retry_after=_retry_after(response),
    )


def no_response(endpoint: Endpoint, request: Request, error: NoResponse) -> SendError:
    """Return the error for a request that was not sent, or got no response."""
    where = f"The SignalR service {endpoint.instance!r} at {urlsplit(endpoint.url).netloc}"
    if not error.was_sent:
        return SendError(
            f"{where} cannot be reached: {error}. Check SIGNALMAN_SERVICE_ENDPOINT, DNS and the "
            "network.",
            retryable=True,
        )
    doubt = " The message may have been delivered." if request.is_send else ""
    return SendError(
        f"{where} did not respond to the request to {request.action}: {error}.{doubt}",
        retryable=not request.is_send,
    )


def _explanation(endpoint: Endpoint, request: Request, response: Response) -> str:
    explain = _EXPLANATIONS.get(response.status)
    said = _said(response)
    if explain is None:
        return said or "it gave no reason."
    text = explain(endpoint, request, response)
    return f"{text} The service says: {said}" if said else text


def _unauthorized(endpoint: Endpoint, _request: Request, response: Response) -> str:
    reason = _REASON.search(response.headers.get("WWW-Authenticate", ""))
    said = f" ({reason[1]})" if reason else ""
    if endpoint.access_key:
        return (
            f"the access key was not accepted{said}. It was regenerated, or access keys are "
            "disabled (disableLocalAuth): update SIGNALMAN_CONNECTION_STRINGS_FILE, or remove the "
            "instance from it to use Microsoft Entra."
        )
    return (
        f"the token of Microsoft Entra was not accepted{said}. Check that AZURE_TENANT_ID is the "
        "instance's tenant and that SIGNALMAN_SERVICE_SCOPE is its cloud's."
    )


def _forbidden(endpoint: Endpoint, request: Request, response: Response) -> str:
    if _PROXY in response.text:
        return (
            "the network rules of the instance do not allow REST API calls from here. Allow "
            "RESTAPI in its network access control."
        )
    if endpoint.access_key:
        return "the access key does not allow this."
    is_key = request.path == KEY_PATH
    role = "SignalR App Server" if is_key else "SignalR REST API Owner"
    plan = f" (`manage.py set_senders {endpoint.instance} --add-own`, then apply the plan)"
    how = "" if is_key else plan
    return (
        f"the credential has no role that allows this. Assign it {role!r} on the instance{how}; "
        "Owner and Contributor do not include it, and a new role assignment takes effect within 30 "
        "minutes."
    )


def _not_found(endpoint: Endpoint, _request: Request, response: Response) -> str:
    if is_absent(response):
        return "the connection does not exist."
    return (
        f"there is no such resource at {endpoint.url}. Check SIGNALMAN_SERVICE_ENDPOINT, and that "
        "the instance exists and is started."
    )


def _too_large(_endpoint: Endpoint, _request: Request, _response: Response) -> str:
    return "the message is larger than 1 MB."


def _throttled(_endpoint: Endpoint, _request: Request, _response: Response) -> str:
    return (
        "the instance receives more than its tier and units allow. Send later, send less, or add "
        "units."
    )


_EXPLANATIONS: Final = {
    HTTPStatus.UNAUTHORIZED.value: _unauthorized,
    HTTPStatus.FORBIDDEN.value: _forbidden,
    HTTPStatus.NOT_FOUND.value: _not_found,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value: _too_large,
    HTTPStatus.TOO_MANY_REQUESTS.value: _throttled,
}


def _said(response: Response) -> str:
    """Return the service's own message, truncated; empty for an HTML page."""
    if _PROXY in response.text or "html" in response.headers.get("Content-Type", ""):
        return ""
    try:
        document = response.json()
    except ValueError:
        text = response.text
    else:
        text = str(document.get("message") or "") if isinstance(document, dict) else ""
    return " ".join(text.split())[:_TEXT_LENGTH]


def _retry_after(response: Response) -> float | None:
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
