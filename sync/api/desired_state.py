"""The desired state of an instance, as documents that are read and replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, ClassVar, Final

from django.core.exceptions import ValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import name_of
from api.fields import TextField
from api.permissions import is_allowed
from api.views import DocumentView
from identities.api.views import instance_named
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from sync.api.serializers import (
    DesiredServiceModeSerializer,
    GrantChoiceSerializer,
    IdentitySerializer,
    SenderSerializer,
    TemplateSerializer,
)
from sync.components.senders import Sender, desired_senders
from sync.components.vault_names import named_vaults
from sync.desired.grant_choices import choose_grants
from sync.desired.history import Author, changing_desired
from sync.desired.senders import set_senders
from sync.desired.service_mode import ACTION as SET_SERVICE_MODE
from sync.desired.service_mode import change_service_mode
from sync.desired.state import declared_state
from upstreams.url_templates.arm_json import dump_templates, load_templates
from upstreams.url_templates.redaction import redacted

_COMMENT: Final = OpenApiParameter(
    "comment", OpenApiTypes.STR, description="A change note: at most 255 characters."
)


class Comment(serializers.Serializer[dict[str, str]]):
    """A change note."""

    comment = TextField(max_length=255, default="")


class InstanceDocument(DocumentView):
    """A document of the instance in the path."""

    def subject(self) -> SignalRInstance:
        """Return the instance with its desired state. Raises Http404."""
        return instance_named(self.kwargs["name"])


class DesiredView(InstanceDocument):
    """A part of the desired state. Nothing is sent to Azure before an apply."""

    action: ClassVar[str]

    @contextmanager
    def turn(self, request: Request) -> Iterator[SignalRInstance]:
        """Change the desired state in this block and record it."""
        comment = Comment(data=request.query_params)
        comment.is_valid(raise_exception=True)
        author = Author(name_of(request), self.action, comment.validated_data["comment"])
        with changing_desired(self.subject(), author):
            yield self.subject()


class DesiredIdentity(DesiredView):
    """The desired managed identity of an instance."""

    reads = "identities.view_managedidentity"
    writes = "identities.change_managedidentity"
    action = "set identity"

    @extend_schema(responses=IdentitySerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Read the desired identity."""
        return self.read()

    @extend_schema(request=IdentitySerializer, responses=IdentitySerializer, parameters=[_COMMENT])
    def put(self, request: Request, name: str) -> Response:
        """Replace the desired identity."""
        serializer = IdentitySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, serializer.validated_data)

    def dump(self, subject: SignalRInstance) -> dict[str, Any]:
        """Return the type, and the ARM id of a user-assigned identity."""
        assigned = subject.identity.user_assigned
        return {
            "type": subject.identity.type,
            "user_assigned": assigned.arm_id if assigned else None,
        }

    def load(self, _request: Request, subject: SignalRInstance, document: Any) -> None:
        """Set that identity. Raises ValidationError."""
        arm_id, assigned = document["user_assigned"], None
        if arm_id is not None:
            assigned = UserAssignedIdentity.objects.with_arm_id(arm_id).first()
            if assigned is None:
                raise ValidationError(
                    {"user_assigned": "Unknown identity. Import its subscription first."}
                )
        subject.identity.become(ManagedIdentity.Type(document["type"]), assigned)


class DesiredServiceMode(DesiredView):
    """The desired service mode. Upstream templates take effect only in Serverless mode."""

    reads = "identities.view_signalrinstance"
    writes = "identities.change_signalrinstance"
    action = SET_SERVICE_MODE

    @extend_schema(responses=DesiredServiceModeSerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Read the desired service mode."""
        return self.read()

    @extend_schema(
        request=DesiredServiceModeSerializer,
        responses=DesiredServiceModeSerializer,
        parameters=[_COMMENT],
    )
    def put(self, request: Request, name: str) -> Response:
        """Set the desired service mode. A change disconnects hub servers and clients."""
        serializer = DesiredServiceModeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, serializer.validated_data)

    def dump(self, subject: SignalRInstance) -> dict[str, Any]:
        """Return the mode; null if it is not managed."""
        return {"service_mode": subject.desired_service_mode or None}

    def load(self, _request: Request, subject: SignalRInstance, document: Any) -> None:
        """Set that mode. Raises ValidationError."""
        change_service_mode(subject, document["service_mode"] or "")


class DesiredTemplates(DesiredView):
    """The desired upstream templates. Azure uses the first template that matches an event."""

    reads = "upstreams.view_upstreamtemplate"
    writes = "upstreams.change_upstreamtemplate"
    action = "set upstream"

    @extend_schema(responses=TemplateSerializer(many=True))
    def get(self, _request: Request, name: str) -> Response:
        """Read the desired upstream templates in their order."""
        return self.read()

    @extend_schema(
        request=TemplateSerializer(many=True),
        responses=TemplateSerializer(many=True),
        parameters=[_COMMENT],
    )
    def put(self, request: Request, name: str) -> Response:
        """Replace all desired upstream templates."""
        serializer = TemplateSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, request.data)

    def dump(self, subject: SignalRInstance) -> list[dict[str, Any]]:
        """Return the templates; keys in URLs are hidden from callers who may not change them."""
        document = dump_templates(subject)
        if is_allowed(self.request, self.writes):
            return document
        hidden: list[dict[str, Any]] = redacted(document)
        return hidden

    def load(self, _request: Request, subject: SignalRInstance, document: Any) -> None:
        """Set them. Raises ValidationError."""
        load_templates(subject, document)


class DesiredGrants(InstanceDocument):
    """The vaults that the desired templates name, and whether the identity's grant is desired.

    A grant that was missing in Azure at the import is not desired until you set it.
    """

    reads = "identities.view_vaultgrant"
    writes = "identities.change_vaultgrant"

    @extend_schema(responses=GrantChoiceSerializer(many=True))
    def get(self, _request: Request, name: str) -> Response:
        """Read the desired Key Vault grants."""
        return self.read()

    @extend_schema(
        request=GrantChoiceSerializer(many=True), responses=GrantChoiceSerializer(many=True)
    )
    def put(self, request: Request, name: str) -> Response:
        """Set the desired grants of the given vaults. Others do not change."""
        serializer = GrantChoiceSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, serializer.validated_data)

    def dump(self, subject: SignalRInstance) -> list[dict[str, Any]]:
        """Return the vaults by name, and whether each grant is desired."""
        state = declared_state(subject)
        holder = state.identity.holder
        return [
            {
                "vault": vault,
                "is_desired": holder is not None and [vault, holder] not in subject.declined_grants,
            }
            for vault in named_vaults(state.templates)
        ]

    def load(self, request: Request, subject: SignalRInstance, document: Any) -> None:
        """Set them. Raises ValidationError."""
        chosen = {each["vault"]: each["is_desired"] for each in document}
        if unknown := sorted(chosen.keys() - {each["vault"] for each in self.dump(subject)}):
            raise ValidationError(
                {"vault": f"No template references a secret of {', '.join(unknown)}."}
            )
        if any(chosen.values()) and declared_state(subject).identity.holder is None:
            raise ValidationError(
                {"is_desired": "Set an identity first. A grant needs an identity."}
            )
        choose_grants(subject, chosen, who=name_of(request))


class DesiredSenders(InstanceDocument):
    """The principals that should be able to send messages through the instance.

    An apply assigns the missing ones the role SignalR REST API Owner on the instance. It removes
    no role.
    """

    reads = "identities.view_signalrinstance"
    writes = "identities.change_signalrinstance"

    @extend_schema(responses=SenderSerializer(many=True))
    def get(self, _request: Request, name: str) -> Response:
        """Read the desired senders."""
        return self.read()

    @extend_schema(request=SenderSerializer(many=True), responses=SenderSerializer(many=True))
    def put(self, request: Request, name: str) -> Response:
        """Replace the desired senders. A principal that you leave out keeps its role in Azure."""
        serializer = SenderSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, serializer.validated_data)

    def dump(self, subject: SignalRInstance) -> list[dict[str, Any]]:
        """Return the senders by their IDs."""
        return [asdict(each) for each in desired_senders(subject)]

    def load(self, request: Request, subject: SignalRInstance, document: Any) -> None:
        """Set them. Raises ValidationError."""
        senders = [Sender(str(each["principal_id"]), each["principal_type"]) for each in document]
        set_senders(subject, senders, who=name_of(request))
