"""Filters of lists."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

# Query parameters of lists that are not filters.
_OF_PAGES: Final = frozenset({"cursor", "page_size", "ordering"})


class Filters(DjangoFilterBackend):  # type: ignore[misc]  # it ships no types
    """Filters that refuse empty values and unknown names.

    A script's unset variable, or a misspelt filter, must not select everything.
    """

    def get_filterset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> Any:
        """Return the view's filters. Raises ValidationError."""
        filterset = super().get_filterset(request, queryset, view)
        known = set(filterset.filters) if filterset is not None else set()
        unknown = set(request.query_params) - known - _OF_PAGES
        if unknown:
            raise ValidationError({name: ["Unknown filter."] for name in sorted(unknown)})
        empty = [name for name in known if "" in request.query_params.getlist(name)]
        if empty:
            raise ValidationError({name: ["Enter a value, or omit the filter."] for name in empty})
        return filterset
