"""User-assigned identities and applications of the tenant."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import name_of
from api.fields import StrictSerializer, TextField, UuidField
from api.idempotency import once
from api.views import ApiView
from identities.api.serializers import UserAssignedIdentitySerializer
from identities.api.views import UserAssignedIdentityList
from sync.inventory.token_resources import search_applications
from sync.inventory.user_assigned_identities import create_identity

_MOST: Final = 100


class NewIdentitySerializer(StrictSerializer):
    """The name and place of a new identity."""

    name = TextField(max_length=128)
    subscription_id = UuidField()
    resource_group = TextField(max_length=90)
    location = TextField(max_length=64, help_text="The Azure region, such as westeurope.")


class UserAssignedIdentities(UserAssignedIdentityList):
    """User-assigned identities that instances can use."""

    writes = "identities.add_userassignedidentity"
    problems = {"POST": {502}}
    repeatable = ("POST",)

    @extend_schema(request=NewIdentitySerializer, responses={201: UserAssignedIdentitySerializer})
    def post(self, request: Request) -> Response:
        """Create a user-assigned identity in Azure immediately, without a plan."""
        serializer = NewIdentitySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return once(request, lambda: _create(serializer.validated_data, name_of(request)))


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


def _create(data: dict[str, Any], who: str) -> Response:
    row = create_identity(data.pop("name"), **data, who=who)
    return Response(UserAssignedIdentitySerializer(row).data, status=201)
