"""What lists of rows have in common: who may edit them, how they are filtered, what none says."""

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
    """What a list says that has no rows, and where they come from: a link where there is one."""

    title: str
    text: str
    link: str = ""
    label: str = ""


class RowsAdmin(ModelAdmin):
    """A list that counts no more than it shows, and says in words why it is empty."""

    empty: ClassVar[Empty]
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    # Counting a filter's choices costs a pass over all rows for each.
    show_facets = DjangoModelAdmin.show_facets.NEVER


class ReadOnlyAdmin(RowsAdmin):
    """Rows to be looked at here, and not to be changed."""

    def has_add_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False


class ValuesFilter(DropdownFilter):
    """One of the values that a column of `source` has, whatever the table's size in one query."""

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
        """Return the rows that have it."""
        return rows.filter(**{self.column: self.value()}) if self.value() else rows
