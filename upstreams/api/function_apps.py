"""Function Apps over the API."""

from __future__ import annotations

from api.views import ListView
from upstreams.api.serializers import FunctionAppSerializer
from upstreams.models import FunctionApp


class FunctionAppList(ListView):
    """Function Apps to which templates can send events, by name."""

    reads = "upstreams.view_functionapp"
    queryset = FunctionApp.objects.all()
    serializer_class = FunctionAppSerializer
    filterset_fields = ["name", "host_name", "policy", "subscription"]
    ordering_fields = ["name"]
    ordering = ["name", "pk"]
