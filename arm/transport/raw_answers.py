"""The JSON behind the SDKs' models: models drop the fields that they do not know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from azure.core.pipeline import PipelineResponse

Json = Mapping[str, Any]


class Captured:
    """An answer as it came, taken from the pipeline by `raw_response_hook`.

    One for each call: threads share the client, not this.
    """

    def __init__(self) -> None:
        self._response: Any = None

    def __call__(self, response: PipelineResponse[Any, Any]) -> None:
        """Keep the answer."""
        self._response = response.http_response

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers."""
        headers: Mapping[str, str] = self._response.headers
        return headers

    @property
    def status(self) -> int:
        """The answer's HTTP status."""
        return int(self._response.status_code)

    def json(self) -> Json:
        """Return the answer's JSON object."""
        value: Json = json.loads(self._response.body())
        return value

    def pages(self, items: Any) -> Iterator[Json]:
        """Follow the SDK's paging, and yield what the pages held before it made models of it."""
        for _ in items.by_page():
            yield from self.json().get("value") or ()
