"""The base classes of admin pages: read-only models, filters and empty lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.options import ModelAdmin as DjangoModelAdmin
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter


@dataclass(frozen=True, slots=True)
class Empty:
    """The text of an empty list: where its rows come from, with a link if there is one."""

    title: str
    text: str
    link: str = ""
    label: str = ""


class RowsAdmin(ModelAdmin):
    """A list that counts only the rows it shows, and explains why it is empty.

    It has no `date_hierarchy`, for which Django computes the month of every row.
    """

    empty: ClassVar[Empty]
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    # Facets need a scan of all rows for each choice of a filter.
    show_facets = DjangoModelAdmin.show_facets.NEVER

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow filters on columns that the list has a filter for, and on no others.

        Django allows every column of the model, so a user could guess hidden values letter by
        letter, such as keys in URLs.
        """
        if not has_field(self.model, lookup.partition(LOOKUP_SEP)[0]):
            return True
        names = [each[0] if isinstance(each, tuple) else each for each in self.list_filter]
        columns = [each for each in names if isinstance(each, str)]
        parameters = {getattr(each, "parameter_name", None) for each in names}
        return lookup in {*columns, *parameters} or lookup.startswith(
            tuple(f"{column}{LOOKUP_SEP}" for column in columns)
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the list; after Django has dropped an invalid filter, say so."""
        if ERROR_FLAG in request.GET:
            messages.warning(request, "An invalid filter or page number was ignored.")
        return super().changelist_view(request, extra_context)


def has_field(model: type[Model], name: str) -> bool:
    """Return whether `model` has a field or relation with that name."""
    try:
        model._meta.get_field(name)  # noqa: SLF001  Documented as Django's API for model fields.
    except FieldDoesNotExist:
        return False
    return True


class ReadOnlyAdmin(RowsAdmin):
    """A model that the admin shows and does not change."""

    def has_add_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse."""
        return False


class ValuesFilter(DropdownFilter):
    """A filter by one of the distinct values of a column of `source`, in one query."""

    source: ClassVar[type[Model]]
    column: ClassVar[str]

    def lookups(
        self, _request: HttpRequest, _admin: DjangoModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        """Return the values."""
        rows: QuerySet[Any] = QuerySet(self.source)
        found = rows.order_by(self.column).values_list(self.column, flat=True).distinct()
        return [(value, value) for value in found if value]

    def has_output(self) -> bool:
        """Return whether to use the filter: also without values, where the URL names one."""
        return super().has_output() or bool(self.value())

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with the selected value."""
        return rows.filter(**{self.column: self.value()}) if self.value() else rows


class PeriodFilter(DropdownFilter):
    """By the age of a row: a range of the index of `column`."""

    title = "period"
    parameter_name = "period"
    column: ClassVar[str]
    _PERIODS: ClassVar = {
        "hour": ("Last hour", timedelta(hours=1)),
        "day": ("Last 24 hours", timedelta(days=1)),
        "week": ("Last 7 days", timedelta(days=7)),
        "month": ("Last 30 days", timedelta(days=30)),
    }

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Return the periods."""
        return [(name, text) for name, (text, _) in self._PERIODS.items()]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Model]) -> QuerySet[Model]:
        """Return the rows of the chosen period. Raises IncorrectLookupParameters."""
        period = self.value()
        if not period:
            return rows
        if period not in self._PERIODS:
            # Django then drops the filter, and `changelist_view` says so.
            raise IncorrectLookupParameters(period)
        _, length = self._PERIODS[period]
        return rows.filter(**{f"{self.column}__gte": timezone.now() - length})
