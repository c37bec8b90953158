"""Pages of lists."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination


class CursorPages(CursorPagination):
    """Pages that neither repeat nor miss a row when others come in between."""

    page_size = 100
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "pk"
