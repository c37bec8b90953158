"""Django REST framework with PyJWT's PyJWKClient, as its users write it, without middleware."""

from __future__ import annotations

import json
import os
from typing import Any

import jwt
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

AUTHORITY, TENANT = os.environ["AUTHORITY"], os.environ["TENANT"]

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost"],
    MIDDLEWARE=[],
    SECRET_KEY="none",  # noqa: S106
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
)
application = get_wsgi_application()

# They read the settings as they are imported.
from rest_framework.authentication import BaseAuthentication  # noqa: E402
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.views import APIView  # noqa: E402


class Caller:
    """The value of `request.user`."""

    is_authenticated = True


class EntraJWT(BaseAuthentication):
    """Verifies the signature and the claims on every request; the key set is kept in memory."""

    keys = jwt.PyJWKClient(f"{AUTHORITY}/{TENANT}/discovery/keys")

    def authenticate(self, request: Request) -> tuple[Caller, dict[str, Any]]:
        """Return the caller and the claims."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated
        try:
            claims = jwt.decode(
                token,
                self.keys.get_signing_key_from_jwt(token),
                algorithms=["RS256"],
                audience=os.environ["AUDIENCE"],
                issuer=f"https://sts.windows.net/{TENANT}/",
                options={"require": ["exp", "nbf", "iss", "aud"]},
            )
        except jwt.PyJWTError as error:
            raise AuthenticationFailed from error
        if claims.get("oid") != os.environ["PRINCIPAL"]:
            raise AuthenticationFailed
        return Caller(), claims

    def authenticate_header(self, request: Request) -> str:
        """Make refusals 401."""
        return "Bearer"


class Upstream(APIView):
    """Answers the call."""

    authentication_classes = [EntraJWT]
    permission_classes = []

    def post(self, request: Request, instance: str) -> HttpResponse:
        """Return a completion of the hub protocol."""
        call = request.data
        completion = {
            "type": 3,
            "invocationId": call["invocationId"],
            "result": call["arguments"][0],
        }
        frame = json.dumps(completion, separators=(",", ":")).encode() + b"\x1e"
        return HttpResponse(frame, content_type="application/octet-stream")


urlpatterns = [path("upstream/<str:instance>/", Upstream.as_view())]
