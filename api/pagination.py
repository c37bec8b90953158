"""Pages of lists."""

from __future__ import annotations

import re
from typing import Any, Final

from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

_NUMBER: Final = re.compile(r"[0-9]{1,3}")


class CursorPages(CursorPagination):
    """Pages that neither repeat nor miss rows when others are added in between."""

    page_size = 100
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "pk"

    def get_page_size(self, request: Request) -> int:
        """Return the number of rows of a page. Raises ValidationError."""
        requested = request.query_params.get("page_size")
        if requested is None:
            return self.page_size
        size = int(requested) if _NUMBER.fullmatch(requested) else 0
        if not 1 <= size <= self.max_page_size:
            raise ValidationError(
                {"page_size": [f"Enter a number from 1 to {self.max_page_size}."]}
            )
        return size

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Return the position that the request names. Raises ValidationError."""
        try:
            found: Cursor | None = super().decode_cursor(request)
        except NotFound as error:
            raise ValidationError(
                {"cursor": ["Use the cursor in `next` or `previous` of another page."]}
            ) from error
        return found

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a page in OpenAPI 3.1, which has a type for null."""
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**address, "description": "The next page's address; null on the last."},
                "previous": {
                    **address,
                    "description": "The previous page's address; null on the first.",
                },
                "results": schema,
            },
        }
