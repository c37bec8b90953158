"""The request requirements of an instance, in addition to the token."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import name_of
from api.fields import FlagField, StrictSerializer, TextField
from api.views import ApiView
from identities.api.views import instance_named
from identities.models import SignalRInstance
from sync.api.desired_state import InstanceDocument
from sync.desired.request_requirements import (
    changing_requirements,
    requirements_document,
    requirements_of,
)
from upstreams.receiver.authentication.url_secrets import LONGEST, SHORTEST


class RequirementsSerializer(StrictSerializer):
    """The request requirements. Of the secrets, only their number and when one was set."""

    signature = FlagField(help_text="Require `X-ASRS-Signature`. Needs SIGNALMAN_ACCESS_KEYS_FILE.")
    url_secret = FlagField(help_text="Require a secret in the URL. Set the secret first.")
    url_secret_parameter = TextField(
        max_length=64,
        allow_blank=True,
        help_text="The query parameter with the secret. Empty if the secret is a path segment.",
    )
    url_secrets_accepted = serializers.IntegerField(read_only=True)
    url_secret_set_at = serializers.DateTimeField(read_only=True, allow_null=True)


class RequestRequirements(InstanceDocument):
    """The request requirements of an instance, in addition to the token."""

    reads = "upstreams.view_requestrequirements"
    writes = "upstreams.change_requestrequirements"

    @extend_schema(responses=RequirementsSerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Read the request requirements."""
        return self.read()

    @extend_schema(request=RequirementsSerializer, responses=RequirementsSerializer)
    def put(self, request: Request, name: str) -> Response:
        """Replace the request requirements. Fields about secrets are read-only."""
        serializer = RequirementsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, serializer.validated_data)

    def dump(self, subject: SignalRInstance) -> dict[str, Any]:
        """Return the requirements."""
        return requirements_document(requirements_of(subject))

    def load(self, request: Request, subject: SignalRInstance, document: Any) -> None:
        """Set the requirements and record it. Raises ValidationError."""
        with changing_requirements(subject, who=name_of(request)) as requirements:
            requirements.signature = document["signature"]
            requirements.url_secret = document["url_secret"]
            requirements.url_secret_parameter = document["url_secret_parameter"]


class SecretSerializer(StrictSerializer):
    """A URL secret. Only a salted digest of it is stored; no response contains it."""

    secret = TextField(write_only=True, min_length=SHORTEST, max_length=LONGEST)
    only = FlagField(default=False, help_text="Stop accepting the previous secret.")


class ReceiverSecret(ApiView):
    """The URL secret of an instance. It can be set but not read."""

    reads = "upstreams.view_requestrequirements"
    writes = "upstreams.change_requestrequirements"

    @extend_schema(request=SecretSerializer, responses=RequirementsSerializer)
    def post(self, request: Request, name: str) -> Response:
        """Set a URL secret. The previous secret is also accepted until you set another one.

        Setting the same secret again changes nothing.
        """
        serializer = SecretSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        with changing_requirements(instance_named(name), who=name_of(request)) as requirements:
            requirements.accept(data["secret"])
            if data["only"]:
                requirements.url_secret_digest_before = ""
        return Response(requirements_document(requirements))

    @extend_schema(responses={200: RequirementsSerializer})
    def delete(self, request: Request, name: str) -> Response:
        """Delete all URL secrets and stop requiring one."""
        with changing_requirements(instance_named(name), who=name_of(request)) as requirements:
            requirements.forget_secrets()
        return Response(requirements_document(requirements))
