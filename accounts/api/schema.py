"""How the API describes itself in OpenAPI."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from accounts.api.problems import CONTENT_TYPE


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457). `errors` has what is wrong with each field."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField()
    request_id = serializers.CharField()
    errors = serializers.DictField(required=False)  # type: ignore[assignment]  # RFC 9457's name


# Answers that every operation may give, whoever asks for whatever.
_ALWAYS = {400: "Not valid", 401: "Not authenticated", 403: "Not allowed", 429: "Too many requests"}
_NAMED = {404: "Not found"}
_WRITTEN = {409: "Not as things stand"}
# Those of views that say so of themselves.
_SPECIAL = {
    "is_conditional": {412: "The document has changed", 428: "If-Match is required"},
    "is_repeatable": {422: "The Idempotency-Key is another request's"},
    "names_instance": {404: "Not found"},
    "asks_azure": {502: "Azure did not answer"},
}


class ApiSchema(AutoSchema):
    """Adds to each operation the problems that it may answer with."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Return the operation, with its problems."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        component = self.resolve_serializer(ProblemSerializer, "response")
        for status, description in self._problems().items():
            operation["responses"].setdefault(
                str(status),
                {
                    "description": description,
                    "content": {CONTENT_TYPE: {"schema": component.ref}},
                },
            )
        return operation

    def _problems(self) -> dict[int, str]:
        named = _NAMED if "{" in self.path else {}
        written = _WRITTEN if self.method not in {"GET", "HEAD"} else {}
        special = {
            name: problems
            for name, problems in _SPECIAL.items()
            if written and getattr(self.view, name, False)
        }
        found = {**_ALWAYS, **named, **written}
        for problems in special.values():
            found |= problems
        return found


def only_the_api(endpoints: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Leave out whatever else is built of Django REST framework's views: the receiver."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/")]


class PersonalTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Personal access tokens, in the schema."""

    target_class = "accounts.authentication.PersonalTokenAuthentication"
    name = "personalAccessToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal access token: manage.py create_token makes one.",
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
