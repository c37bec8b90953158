"""User-assigned identities: list them, and create one in Azure."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import name_of
from api.fields import StrictSerializer, TextField, UuidField
from api.idempotency import once
from identities.api.serializers import UserAssignedIdentitySerializer
from identities.api.views import UserAssignedIdentityList
from sync.inventory.user_assigned_identities import create_identity


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


def _create(data: dict[str, Any], who: str) -> Response:
    row = create_identity(data.pop("name"), **data, who=who)
    return Response(UserAssignedIdentitySerializer(row).data, status=201)
