"""Responses of the service, and requests without one, whatever HTTP client sent them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class Response:
    """A response. The names of headers are compared without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body's JSON value. Raises ValueError."""
        return json.loads(self.body)


class NoResponse(Exception):
    """A request got no response; the text says why, without quoting the request.

    `was_sent` is False if nothing of the request can have reached the service.
    """

    def __init__(self, cause: str, *, was_sent: bool, is_timeout: bool = False) -> None:
        super().__init__(cause)
        self.was_sent = was_sent
        self.is_timeout = is_timeout
