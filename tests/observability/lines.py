"""Log lines as a collector of logs reads them."""

from __future__ import annotations

import io
import json
import logging
from typing import Any


class Lines(logging.StreamHandler[io.StringIO]):
    """Keeps what it is given, each record as one line of that form."""

    def __init__(self, form: logging.Formatter) -> None:
        super().__init__(io.StringIO())
        self.setFormatter(form)

    def text(self) -> str:
        """Return all lines."""
        return self.stream.getvalue()

    def read(self) -> list[dict[str, Any]]:
        """Return each line as the JSON object that it is."""
        return [json.loads(line) for line in self.text().splitlines()]

    def forget(self) -> None:
        """Drop the lines so far."""
        self.setStream(io.StringIO())
