"""The base classes of admin pages: read-only models, filters and empty lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib.admin.options import ModelAdmin as DjangoModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
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
    """A list that counts only the rows it shows, and explains why it is empty."""

    empty: ClassVar[Empty]
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    # Facets need a scan of all rows for each choice of a filter.
    show_facets = DjangoModelAdmin.show_facets.NEVER


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

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with the selected value."""
        return rows.filter(**{self.column: self.value()}) if self.value() else rows
