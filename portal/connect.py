"""The page that connects Azure: three steps, what they take, and whether they hold."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from identities.models import SignalRInstance
from portal.page import PortalPage, is_fragment
from sync.inventory.preflight import NEEDS, check_connection


class ConnectPage(PortalPage):
    """How Signalman gets to Azure. A POST asks Azure, which takes seconds; a GET does not."""

    title = "Connect Azure"

    def get_template_names(self) -> list[str]:
        """Return the page's template, or that of what Azure answered."""
        return [
            "portal/connect_result.html" if is_fragment(self.request) else "portal/connect.html"
        ]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page with what Azure answered to the credential."""
        return self.render_to_response(self.get_context_data(connection=check_connection()))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what Signalman needs to be allowed, and whether anything was imported yet."""
        return super().get_context_data(
            needs=NEEDS, has_fleet=SignalRInstance.objects.exists(), **kwargs
        )
