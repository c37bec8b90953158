"""The headers that Azure Resource Manager puts on every answer.

Source: Microsoft's recordings of azure-cli, azure-service-operator and the SDKs for Python.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

ALWAYS = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
_JSON = "application/json"
_CORRELATION = "x-ms-correlation-request-id"
_REGION = "WESTEUROPE"


def add_headers(
    request: Request, response: Response, provider_headers: Mapping[str, str] | None = None
) -> Response:
    """Add the headers of every answer, and the provider's own, to those that are already there.

    A provider's Content-Type is the one that its JSON has.
    """
    own = dict(provider_headers or {})
    json_type = own.pop("Content-Type", f"{_JSON}; charset=utf-8")
    identifier = str(uuid.uuid4())
    correlation = request.headers.get(_CORRELATION, identifier)
    now = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    identifiers = {
        "x-ms-request-id": identifier,
        _CORRELATION: correlation,
        "x-ms-routing-request-id": f"{_REGION}:{now}:{identifier}",
    }
    for name, value in (ALWAYS | identifiers | own).items():
        response.headers.setdefault(name, value)
    if response.headers.get("content-type") == _JSON:
        response.headers["content-type"] = json_type
    return response
