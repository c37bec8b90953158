"""What the receiver demands of an instance's requests beside their token."""

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


class DemandsSerializer(StrictSerializer):
    """The switches. Of secrets only how many are accepted, and since when."""

    signature = FlagField(help_text="Demand `X-ASRS-Signature`: it needs the access keys' file.")
    url_secret = FlagField(help_text="Demand a secret in the address; set it first.")
    url_secret_parameter = TextField(
        max_length=64,
        allow_blank=True,
        help_text="The query's parameter that holds it; empty: a segment of the path does.",
    )
    url_secrets_accepted = serializers.IntegerField(read_only=True)
    url_secret_set_at = serializers.DateTimeField(read_only=True, allow_null=True)


class ReceiverDemandsDocument(InstanceDocument):
    """What the receiver demands of an instance's requests beside their token."""

    reads = "upstreams.view_receiverdemands"
    writes = "upstreams.change_receiverdemands"

    @extend_schema(responses=DemandsSerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Read the switches."""
        return self.read()

    @extend_schema(request=DemandsSerializer, responses=DemandsSerializer)
    def put(self, request: Request, name: str) -> Response:
        """Set the switches. What is said of secrets is read only, and left as it is."""
        serializer = DemandsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, serializer.validated_data)

    def dump(self, subject: SignalRInstance) -> dict[str, Any]:
        """Return the switches."""
        return requirements_document(requirements_of(subject))

    def load(self, request: Request, subject: SignalRInstance, document: Any) -> None:
        """Set them, on record. Raises ValidationError."""
        with changing_requirements(subject, who=name_of(request)) as demands:
            demands.signature = document["signature"]
            demands.url_secret = document["url_secret"]
            demands.url_secret_parameter = document["url_secret_parameter"]


class SecretSerializer(StrictSerializer):
    """A secret. It is in no answer: a salted digest of it is all that is kept."""

    secret = TextField(write_only=True, min_length=SHORTEST, max_length=LONGEST)
    only = FlagField(default=False, help_text="Accept the one before it no longer.")


class ReceiverSecret(ApiView):
    """The secret in the address of an instance's requests: it can be set, and never read."""

    reads = "upstreams.view_receiverdemands"
    writes = "upstreams.change_receiverdemands"

    @extend_schema(request=SecretSerializer, responses=DemandsSerializer)
    def post(self, request: Request, name: str) -> Response:
        """Accept another secret; beside it the one before, until the next is set.

        Sent again, it changes nothing.
        """
        serializer = SecretSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        with changing_requirements(instance_named(name), who=name_of(request)) as demands:
            demands.accept(wanted["secret"])
            if wanted["only"]:
                demands.url_secret_digest_before = ""
        return Response(requirements_document(demands))

    @extend_schema(responses={200: DemandsSerializer})
    def delete(self, request: Request, name: str) -> Response:
        """Demand none, and forget them all."""
        with changing_requirements(instance_named(name), who=name_of(request)) as demands:
            demands.forget_secrets()
        return Response(requirements_document(demands))
