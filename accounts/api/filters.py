"""Filters of lists."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView


class Filters(DjangoFilterBackend):  # type: ignore[misc]  # it ships no types
    """Filters that refuse an empty value: a script's unset variable is not to mean "all"."""

    def get_filterset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> Any:
        """Return the view's filters. Raises ValidationError."""
        filterset = super().get_filterset(request, queryset, view)
        names = filterset.filters if filterset is not None else ()
        empty = [name for name in names if "" in request.query_params.getlist(name)]
        if empty:
            raise ValidationError({name: ["Give a value, or leave it out."] for name in empty})
        return filterset
