"""What is wanted of an instance, as documents that are read and replaced as a whole."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.conditional import entity_tag, require_match
from accounts.api.views import ApiView
from identities.api.views import instance_named
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from sync.api.serializers import IdentitySerializer, TemplateSerializer
from sync.history import Author, wanting
from upstreams.documents import dump_templates, load_templates

_IF_MATCH: Final = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the document that this one replaces, or *.",
)
_ETAG: Final = OpenApiParameter(
    "ETag", OpenApiTypes.STR, OpenApiParameter.HEADER, response=[200], description="Its version."
)


class WantedView(ApiView):
    """A part of what is wanted. Nothing is sent to Azure before an apply."""

    is_conditional = True
    action: str

    def dump(self, instance: SignalRInstance) -> Any:
        """Return the part as a document."""
        raise NotImplementedError

    def load(self, instance: SignalRInstance, document: Any) -> None:
        """Want what the document says. Raises ValidationError."""
        raise NotImplementedError

    def read(self, name: str) -> Response:
        """Return the document with its entity tag."""
        document = self.dump(instance_named(name))
        return Response(document, headers={"ETag": entity_tag(document)})

    def replace(self, request: Request, name: str, document: Any) -> Response:
        """Replace the document where it still is what the caller saw, on record."""
        instance = instance_named(name)
        author = Author(request.user.get_username(), self.action)
        with wanting(instance, author):
            # Read again under the lock: two writers of one tag take turns, and the second loses.
            present = instance_named(name)
            require_match(request, self.dump(present))
            self.load(present, document)
        return self.read(name)


class WantedIdentity(WantedView):
    """The one managed identity that is wanted of an instance."""

    reads = "identities.view_managedidentity"
    writes = "identities.change_managedidentity"
    action = "set identity"

    @extend_schema(responses=IdentitySerializer, parameters=[_ETAG])
    def get(self, _request: Request, name: str) -> Response:
        """Return it."""
        return self.read(name)

    @extend_schema(
        request=IdentitySerializer, responses=IdentitySerializer, parameters=[_IF_MATCH, _ETAG]
    )
    def put(self, request: Request, name: str) -> Response:
        """Want another one."""
        serializer = IdentitySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, name, serializer.validated_data)

    def dump(self, instance: SignalRInstance) -> dict[str, Any]:
        """Return the type, and the ARM id of a user-assigned identity."""
        borrowed = instance.identity.user_assigned
        return {
            "type": instance.identity.type,
            "user_assigned": borrowed.arm_id if borrowed else None,
        }

    def load(self, instance: SignalRInstance, document: Any) -> None:
        """Want that identity. Raises ValidationError."""
        arm_id, borrowed = document["user_assigned"], None
        if arm_id is not None:
            borrowed = UserAssignedIdentity.objects.with_arm_id(arm_id).first()
            if borrowed is None:
                raise ValidationError({"user_assigned": "It is not known here: import it first."})
        instance.identity.become(ManagedIdentity.Type(document["type"]), borrowed)


class WantedTemplates(WantedView):
    """The upstream templates that are wanted of an instance; the first that matches is taken."""

    reads = "upstreams.view_upstreamtemplate"
    writes = "upstreams.change_upstreamtemplate"
    action = "set upstream"

    @extend_schema(responses=TemplateSerializer(many=True), parameters=[_ETAG])
    def get(self, _request: Request, name: str) -> Response:
        """Return them in their order."""
        return self.read(name)

    @extend_schema(
        request=TemplateSerializer(many=True),
        responses=TemplateSerializer(many=True),
        parameters=[_IF_MATCH, _ETAG],
    )
    def put(self, request: Request, name: str) -> Response:
        """Want others, in this order."""
        serializer = TemplateSerializer(data=request.data, many=True)
        serializer.is_valid(raise_exception=True)
        return self.replace(request, name, request.data)

    def dump(self, instance: SignalRInstance) -> list[dict[str, Any]]:
        """Return the templates."""
        return dump_templates(instance)

    def load(self, instance: SignalRInstance, document: Any) -> None:
        """Want these. Raises ValidationError."""
        load_templates(instance, document)
