"""The search for resources: applications of the tenant and Azure services."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from arm.errors import ArmError
from arm.graph import Application
from portal.instance.page import InstancePage
from portal.page import is_fragment
from sync.inventory.token_resources import search_applications
from upstreams.token_requests.data_planes import DATA_PLANES, DataPlane

_LISTED: Final = 20


class ResourcesPage(InstancePage):
    """Search for applications in Microsoft Graph; the template form inserts the selected one."""

    tab = "upstream"
    template_name = "portal/instance/upstream/resources.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or only the results for htmx."""
        if is_fragment(request):
            self.template_name = "portal/instance/upstream/resource_results.html"
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the results, or why the search failed."""
        query = self.request.GET.get("q", "").strip()
        applications: list[Application] = []
        problem = ""
        try:
            applications = search_applications(query, _LISTED)
        except ArmError as error:
            problem = str(error)
        return super().get_context_data(
            query=query,
            # The id of the form field to fill; empty where the page is opened on its own.
            field=self.request.GET.get("for", ""),
            applications=applications,
            problem=problem,
            planes=_planes(query),
            **kwargs,
        )


def _planes(query: str) -> list[DataPlane]:
    words = query.lower()
    return [each for each in DATA_PLANES if words in f"{each.service} {each.resource}".lower()]
