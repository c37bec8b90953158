"""Resources of Azure services, for tokens, over the API."""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.views import ApiView
from upstreams.api.serializers import DataPlaneSerializer
from upstreams.token_requests.data_planes import DATA_PLANES


class DataPlaneList(ApiView):
    """The resources that templates need for Azure services, each with its source."""

    reads = "identities.view_signalrinstance"

    @extend_schema(responses=DataPlaneSerializer(many=True))
    def get(self, _request: Request) -> Response:
        """List the resources of Azure services to which a template can send events."""
        return Response([asdict(plane) for plane in DATA_PLANES])
