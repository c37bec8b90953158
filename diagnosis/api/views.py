"""What does not agree, and why a token is refused."""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.permissions import RolePermission, is_allowed
from api.views import ApiView
from diagnosis.api.serializers import FindingSerializer, InspectSerializer, VerdictSerializer
from diagnosis.checklist import diagnose
from diagnosis.token_inspector import inspect_token
from identities.api.views import instance_named


class Probing(serializers.Serializer[dict[str, bool]]):
    """Whether to ask the templates' addresses."""

    probe = serializers.ChoiceField(choices=["true", "false"], default="false")


class InstanceDiagnosis(ApiView):
    """The checklist of all that has to agree, in the order in which to mend it.

    With `probe`, each template's address is sent a request without a token, which it has to refuse;
    as it makes Signalman send requests, that takes the right to start operations.
    """

    reads = "identities.view_signalrinstance"

    @extend_schema(
        responses=FindingSerializer(many=True),
        parameters=[
            OpenApiParameter("probe", OpenApiTypes.BOOL, description="Ask the addresses too.")
        ],
    )
    def get(self, request: Request, name: str) -> Response:
        """Check what is known. Azure is not asked."""
        probing = Probing(data=request.query_params)
        probing.is_valid(raise_exception=True)
        is_probing = probing.validated_data["probe"] == "true"
        if is_probing and not is_allowed(request, "sync.add_operation"):
            self.permission_denied(request, RolePermission.message)
        findings = diagnose(instance_named(name), probing=is_probing)
        return Response([asdict(finding) for finding in findings])


class TokenInspection(ApiView):
    """Every check of one token, as the receiver would make it."""

    reads = "identities.view_signalrinstance"
    # It changes nothing; it is a POST so that the token is in no address and no log.
    writes = reads
    problems = {"POST": {404}}

    @extend_schema(request=InspectSerializer, responses=VerdictSerializer)
    def post(self, request: Request) -> Response:
        """Check a token. It is forgotten."""
        serializer = InspectSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        verdict = inspect_token(
            asked["token"],
            asked["instance"],
            hub=asked["hub"],
            category=asked["category"],
            event=asked["event"],
        )
        return Response(
            {
                "accepted": verdict.is_accepted,
                "reason": verdict.reason,
                "checks": [asdict(check) for check in verdict.checks],
            },
            headers={"Cache-Control": "no-store"},
        )
