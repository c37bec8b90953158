"""The API's authentication schemes in its OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class PersonalTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Personal access tokens, in the schema."""

    target_class = "accounts.authentication.PersonalTokenAuthentication"
    name = "personalAccessToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal access token: manage.py create_token creates one.",
        }


class ApplicationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Access tokens of Microsoft Entra, in the schema."""

    target_class = "accounts.authentication.ApplicationAuthentication"
    name = "entra"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of a service principal or managed identity.",
        }
