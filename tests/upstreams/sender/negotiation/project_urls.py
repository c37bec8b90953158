"""URLs of a project that mounts the view in several ways."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.urls import include, path
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from upstreams.negotiation import NegotiationView, negotiation_urls
from upstreams.sender.client_tokens import Claims


class ByHeader(BaseAuthentication):
    """Stands for the project's own: a bearer token that is the user's name."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        scheme, _, name = request.headers.get("Authorization", "").partition(" ")
        return (User.objects.get(username=name), None) if scheme == "Bearer" else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class Negotiation(NegotiationView):
    """Names users by their name, and turns one of them away."""

    authentication_classes = [ByHeader, SessionAuthentication]
    lifetime = timedelta(minutes=10)

    def get_user_id(self, request: Request) -> str:
        name: str = request.user.get_username()
        if name == "mallory":
            raise PermissionDenied
        return name

    def get_claims(self, request: Request) -> Claims | None:
        team = getattr(request.user, "last_name", "")
        return {"team": team} if team else None


urlpatterns = [
    path("negotiate/", include(negotiation_urls(Negotiation))),
    path("lab/", include(negotiation_urls(Negotiation, instance="contoso-lab"))),
    path(
        "open/",
        include(negotiation_urls(permission_classes=[AllowAny], authentication_classes=[])),
    ),
]
