"""The tab of what was, and is, done to an instance in Azure."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any, Final

from django.core.paginator import Page, Paginator

from portal.auto_refresh import LivePage
from portal.instance.page import InstancePage
from portal.operation import version_of
from sync.models import Operation

_ROWS: Final = 25


class OperationsPage(LivePage, InstancePage):
    """Operations, the last first; followed while one of them is under way."""

    tab = "operations"
    template_name = "portal/instance/operations.html"
    fragment_name = "portal/instance/operations_table.html"
    permission_required = "sync.view_operation"

    @cached_property
    def rows(self) -> Page[Operation]:
        """Return the page of operations that the query asks for."""
        found = self.instance.operations.select_related("instance").prefetch_related("steps")
        return Paginator(found, _ROWS).get_page(self.request.GET.get("page"))

    @property
    def version(self) -> str:
        """Return a digest of what the rows say."""
        return hashlib.sha256("".join(map(version_of, self.rows)).encode()).hexdigest()

    @property
    def has_ended(self) -> bool:
        """Return whether none is under way."""
        return all(row.is_finished for row in self.rows)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rows."""
        return super().get_context_data(rows=self.rows, **kwargs)
