"""Responses to upstream requests, whatever server sends them."""

from __future__ import annotations

import json
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Literal, NamedTuple

from upstreams.receiver.protocol.refusals import Refusal

Outcome = Literal["accepted", "refused", "failed"]

# Bytes for the client's transport: proxies must not transform them.
FRAME: Final = "application/octet-stream"
PROBLEM: Final = "application/problem+json"


class UpstreamResponse(NamedTuple):
    """An HTTP response with the outcome and the reason code to record.

    `headers` are those besides the content's type and length.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = FRAME
    outcome: Outcome = "accepted"
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()


# Most refusals have one of a few kinds.
@lru_cache(maxsize=256)
def problem(
    status: int,
    code: str,
    message: str,
    *,
    outcome: Outcome = "refused",
    reason: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> UpstreamResponse:
    """Return a problem document (RFC 9457).

    `reason` is recorded, and is `code` by default. The service drops the body; people and logs read
    it.
    """
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": message, "code": code}
    document = json.dumps(body).encode()
    return UpstreamResponse(status, document, PROBLEM, outcome, reason or code, headers)


def refusal(refused: Refusal) -> UpstreamResponse:
    """Return the problem document of a refusal."""
    return problem(refused.status, refused.code, str(refused), headers=refused.headers)
