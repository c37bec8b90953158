"""How values are stored in Redis: as JSON, which, unlike pickle, cannot run code when read."""

from __future__ import annotations

import json
from typing import Any


class JsonSerializer:
    """Django's Redis cache calls it, by its option `serializer`.

    Numbers stay as they are, so that Redis can increment them.
    """

    def dumps(self, value: Any) -> bytes | int:
        """Return the value as Redis stores it. Raises TypeError for what JSON cannot express."""
        if type(value) is int:
            return value
        return json.dumps(value, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        """Return the stored value; None for data that is not JSON, as if it were not there."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None
