"""Drift of an instance: what differs from the desired state, and accepting it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import name_of
from api.views import ApiView
from arm.errors import NotFound
from identities.api.views import instance_named
from identities.models import SignalRInstance
from sync.api.serializers import AcceptSerializer, DriftSerializer
from sync.components.registry import REGISTRY
from sync.desired.accept_drift import accept
from sync.desired.state import desired_state, observed_state
from sync.inventory.drift import compare
from sync.inventory.refresh import refresh
from upstreams.url_templates.redaction import redacted


class InstanceDrift(ApiView):
    """The differences between the desired and the observed state of an instance."""

    reads = "identities.view_signalrinstance"
    writes = "identities.change_signalrinstance"
    problems = {"POST": {502}}

    @extend_schema(responses=DriftSerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Compare the desired state with the observed state. Sends no requests to Azure."""
        return Response(_drift(instance_named(name)))

    @extend_schema(request=None, responses=DriftSerializer)
    def post(self, _request: Request, name: str) -> Response:
        """Refresh the instance from Azure and compare it with the desired state."""
        instance = instance_named(name)
        try:
            refresh(instance)
        except NotFound:
            # A deleted instance is a result, and is stored as missing.
            if instance.missing_since is None:
                raise
        return Response(_drift(instance_named(name)))


class DriftAcceptance(ApiView):
    """Accept drift: set the desired state to Azure's current state.

    To undo drift instead, apply the plan, limited to the same paths.
    """

    reads = "identities.view_signalrinstance"
    writes = "identities.change_signalrinstance"

    @extend_schema(request=AcceptSerializer, responses=DriftSerializer)
    def post(self, request: Request, name: str) -> Response:
        """Accept all changes or those at the given paths, and compare again."""
        serializer = AcceptSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        instance = instance_named(name)
        accept(instance, data["paths"], who=name_of(request), comment=data["comment"])
        return Response(_drift(instance_named(name)))


def _drift(instance: SignalRInstance) -> dict[str, Any]:
    (entry,) = compare([instance]).entries
    observed = observed_state(instance)
    found = REGISTRY.differences(observed, desired_state(instance)) if observed else ()
    return {
        "instance": instance.name,
        "status": entry.status.value,
        "observed_at": instance.observed_at and instance.observed_at.isoformat(),
        "changes": redacted([asdict(change) for change in found]),
    }
