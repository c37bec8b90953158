"""The page that connects Signalman to Azure: credential, roles and import."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from identities.models import SignalRInstance
from portal.page import PortalPage, is_fragment
from sync.inventory.preflight import NEEDS, check_connection


class ConnectPage(PortalPage):
    """Instructions to connect to Azure. A POST checks the connection, which takes seconds."""

    title = "Connect to Azure"

    def get_template_names(self) -> list[str]:
        """Return the template of the page, or for htmx that of the check's result."""
        name = "connect_result" if is_fragment(self.request) else "connect"
        return [f"portal/{name}.html"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the credential and its roles, and show the result."""
        return self.render_to_response(self.get_context_data(connection=check_connection()))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the roles that Signalman needs, and whether there are instances yet."""
        return super().get_context_data(
            needs=NEEDS, has_fleet=SignalRInstance.objects.exists(), **kwargs
        )
