"""The Operations tab: running and finished operations of the instance."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any, Final

from django.core.paginator import Page, Paginator

from portal.auto_refresh import AutoRefreshPage
from portal.instance.page import InstancePage
from portal.pages.operation import version_of
from sync.models import Operation

_ROWS: Final = 25


class OperationsPage(AutoRefreshPage, InstancePage):
    """Operations, newest first; the page refreshes while one of them is running."""

    tab = "operations"
    template_name = "portal/instance/operations.html"
    fragment_name = "portal/instance/operations_table.html"
    permission_required = "sync.view_operation"

    @cached_property
    def rows(self) -> Page[Operation]:
        """Return the requested page of operations."""
        found = self.instance.operations.select_related("instance").prefetch_related("steps")
        return Paginator(found, _ROWS).get_page(self.request.GET.get("page"))

    @property
    def version(self) -> str:
        """Return a digest of the operations as shown."""
        return hashlib.sha256("".join(map(version_of, self.rows)).encode()).hexdigest()

    @property
    def is_final(self) -> bool:
        """Return whether no operation is running."""
        return all(row.is_finished for row in self.rows)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the operations."""
        return super().get_context_data(rows=self.rows, **kwargs)
