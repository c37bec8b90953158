"""What the receiver answers, whatever server carries it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Literal

from upstreams.receiver.protocol.errors import Refusal

Outcome = Literal["accepted", "refused", "failed"]

# Bytes for the client's transport: nothing on the way should look inside or compress them.
FRAME: Final = "application/octet-stream"
PROBLEM: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, and what is recorded of it: the outcome, and why it was not accepted.

    `headers` are those beside the content's type and length.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = FRAME
    outcome: Outcome = "accepted"
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()


# Most refusals are of few kinds, and floods of one.
@lru_cache(maxsize=256)
def problem(
    status: int,
    code: str,
    sentence: str,
    *,
    outcome: Outcome = "refused",
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """Return a problem document (RFC 9457). The service drops its body; people and logs read it."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": sentence, "code": code}
    return Answer(status, json.dumps(body).encode(), PROBLEM, outcome, code, headers)


def refusal(refused: Refusal) -> Answer:
    """Return the problem document of a refusal."""
    return problem(refused.status, refused.code, str(refused))
