"""The JSON responses behind the SDKs' models, which drop unknown fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from azure.core.pipeline import PipelineResponse

Json = Mapping[str, Any]


class Captured:
    """A response captured by `raw_response_hook`.

    Use a new one for each call: threads share the client.
    """

    def __init__(self) -> None:
        self._response: Any = None

    def __call__(self, response: PipelineResponse[Any, Any]) -> None:
        """Store the response."""
        self._response = response.http_response

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the response."""
        headers: Mapping[str, str] = self._response.headers
        return headers

    @property
    def status(self) -> int:
        """The HTTP status of the response."""
        return int(self._response.status_code)

    def json(self) -> Json:
        """Return the JSON object of the response."""
        value: Json = json.loads(self._response.body())
        return value

    def pages(self, items: Any) -> Iterator[Json]:
        """Follow the SDK's paging, and yield the items of the pages as JSON."""
        for _ in items.by_page():
            yield from self.json().get("value") or ()
