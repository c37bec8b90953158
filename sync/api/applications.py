"""Search for applications of the tenant."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.views import ApiView
from sync.inventory.token_resources import search_applications

_MOST: Final = 100


class ApplicationSerializer(serializers.Serializer[Any]):
    """An app registration of the tenant, and the resources by which a template can name it."""

    app_id = serializers.CharField()
    display_name = serializers.CharField(allow_blank=True)
    resources = serializers.ListField(child=serializers.CharField())
    has_v2_tokens = serializers.BooleanField(
        help_text="Whether tokens for the application have the v2 issuer."
    )


class Applications(ApiView):
    __doc__ = f"""Applications of the tenant, as Microsoft Graph has them: the first {_MOST}."""

    reads = "identities.view_signalrinstance"
    problems = {"GET": {409, 502}}

    @extend_schema(
        responses=ApplicationSerializer(many=True),
        parameters=[
            OpenApiParameter(
                "search", OpenApiTypes.STR, description="A word of the name, or the client ID."
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Search for applications for which a template can request a token."""
        search = request.query_params.get("search", "")
        found = search_applications(search, _MOST)
        return Response(ApplicationSerializer(found, many=True).data)
