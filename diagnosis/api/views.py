"""Diagnosis of an instance, and the token inspector."""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.permissions import RolePermission, is_allowed
from api.views import ApiView
from diagnosis.api.serializers import (
    ChainQuery,
    ChainSerializer,
    FindingSerializer,
    InspectSerializer,
    VerdictSerializer,
)
from diagnosis.chain.chain import chain_document
from diagnosis.chain.instance_chain import read_chain
from diagnosis.checklist import diagnose
from diagnosis.token_inspector import inspect_token
from identities.api.views import instance_named
from upstreams.url_templates.patterns import Event


class ProbeQuery(serializers.Serializer[dict[str, bool]]):
    """Whether to probe the templates' endpoints."""

    probe = serializers.ChoiceField(choices=["true", "false"], default="false")


class InstanceDiagnosis(ApiView):
    """The findings on an instance, in the order in which to fix them.

    With `probe`, Signalman sends each template's endpoint a request without a token, which the
    endpoint must refuse. That requires the permission to start operations.
    """

    reads = "identities.view_signalrinstance"

    @extend_schema(
        responses=FindingSerializer(many=True),
        parameters=[
            OpenApiParameter(
                "probe",
                OpenApiTypes.BOOL,
                description="Whether to probe the URLs of the templates.",
            )
        ],
    )
    def get(self, request: Request, name: str) -> Response:
        """Check the settings of an instance. Sends no requests to Azure."""
        probing = ProbeQuery(data=request.query_params)
        probing.is_valid(raise_exception=True)
        is_probing = probing.validated_data["probe"] == "true"
        if is_probing and not is_allowed(request, "sync.add_operation"):
            self.permission_denied(request, RolePermission.message)
        findings = diagnose(instance_named(name), probing=is_probing)
        return Response([asdict(finding) for finding in findings])


class InstanceChain(ApiView):
    """The chain from a client's event to its handler, with the findings on each link.

    With `hub` and `event` it is the chain of that event: which template matches it, for which
    resource its token is, and whether the receiver accepts it.
    """

    reads = "identities.view_signalrinstance"

    @extend_schema(responses=ChainSerializer, parameters=[ChainQuery])
    def get(self, request: Request, name: str) -> Response:
        """Check the settings of an instance by link. Sends no requests to Azure."""
        # A plain dictionary: of a form, an empty value counts as absent.
        query = ChainQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        event = Event(**query.validated_data)
        chain = read_chain(instance_named(name), event if event.hub else None)
        return Response(chain_document(chain))


class TokenInspection(ApiView):
    """The checks of an access token that the receiver makes."""

    reads = "identities.view_signalrinstance"
    # It changes nothing. It is a POST so that the token is in no URL and no log.
    writes = reads
    problems = {"POST": {404}}

    @extend_schema(request=InspectSerializer, responses=VerdictSerializer)
    def post(self, request: Request) -> Response:
        """Check an access token. The token is neither stored nor logged."""
        serializer = InspectSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = serializer.validated_data
        verdict = inspect_token(
            fields["token"],
            fields["instance"],
            hub=fields["hub"],
            category=fields["category"],
            event=fields["event"],
        )
        return Response(
            {
                "accepted": verdict.is_accepted,
                "reason": verdict.reason,
                "checks": [asdict(check) for check in verdict.checks],
            },
            headers={"Cache-Control": "no-store"},
        )
