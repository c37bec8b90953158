"""The caller's own personal access tokens: list and revoke."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import user_of
from accounts.models import PersonalAccessToken
from api.views import ApiView, ListView


class TokenSerializer(serializers.ModelSerializer[PersonalAccessToken]):
    """A personal access token. Its text was shown once, when it was created."""

    class Meta:
        model = PersonalAccessToken
        fields = [
            "id",
            "name",
            "prefix",
            "scope",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        ]
        read_only_fields = fields


class TokenList(ListView):
    """The caller's own personal access tokens, the newest first. An application has none."""

    reads = "identities.view_signalrinstance"
    queryset = PersonalAccessToken.objects.all()
    serializer_class = TokenSerializer
    filterset_fields = ["name", "scope"]
    ordering_fields = ["created_at", "expires_at"]
    ordering = ["-created_at", "-pk"]

    def get_queryset(self) -> QuerySet[Any]:
        """Return those of the caller."""
        return _own(user_of(self.request))


class TokenDetail(ApiView):
    """One of the caller's own personal access tokens."""

    reads = "identities.view_signalrinstance"
    writes = "identities.change_signalrinstance"

    @extend_schema(responses=TokenSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Read a personal access token."""
        return Response(TokenSerializer(_one(request, pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke a personal access token. It is refused from now on; its record is kept."""
        _one(request, pk).revoke()
        return Response(status=204)


def _own(user: User | None) -> QuerySet[PersonalAccessToken]:
    rows = PersonalAccessToken.objects
    return rows.filter(user=user) if user else rows.none()


def _one(request: Request, pk: int) -> PersonalAccessToken:
    return get_object_or_404(_own(user_of(request)), pk=pk)
