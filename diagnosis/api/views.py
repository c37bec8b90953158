"""What does not agree, and why a token is refused."""

from __future__ import annotations

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.views import ApiView
from diagnosis.api.serializers import FindingSerializer, InspectSerializer, VerdictSerializer
from diagnosis.checklist import diagnose
from diagnosis.inspector import inspect_token
from identities.api.views import instance_named


class InstanceDiagnosis(ApiView):
    """The checklist of all that has to agree."""

    reads = "identities.view_signalrinstance"

    @extend_schema(responses=FindingSerializer(many=True))
    def get(self, _request: Request, name: str) -> Response:
        """Return the findings, in the order in which to mend them. Azure is not asked."""
        return Response([asdict(finding) for finding in diagnose(instance_named(name))])


class TokenInspection(ApiView):
    """Every check of one token, as the receiver would make it."""

    reads = "identities.view_signalrinstance"
    # It changes nothing; it is a POST so that the token is in no address and no log.
    writes = reads
    names_instance = True

    @extend_schema(request=InspectSerializer, responses=VerdictSerializer)
    def post(self, request: Request) -> Response:
        """Return the checks. The token is forgotten."""
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
