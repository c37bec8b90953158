"""Plans, the operations that carry them out, and drift."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.idempotency import once
from accounts.api.problems import Problem
from accounts.api.views import ApiView
from identities.api.views import instance_named
from identities.models import SignalRInstance
from sync.api.serializers import (
    ApplySerializer,
    DriftSerializer,
    OperationSerializer,
    PlanSerializer,
)
from sync.choosing import differences
from sync.desired import desired_state, observed_state
from sync.documents import operation_document
from sync.drift import compare, drift_of
from sync.models import Operation
from sync.operations import cancel, start_apply
from sync.planning import plan_instance
from sync.rendering import render_json

# Seconds: an operation takes Azure some of them at least.
_POLL_SECONDS: Final = "5"
_PATHS: Final = OpenApiParameter(
    "path",
    OpenApiTypes.STR,
    many=True,
    description="Plan only the change at this path; may be repeated.",
)
_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="A name for this request. Sent again within a day, it starts nothing again.",
)
_LOCATION: Final = OpenApiParameter(
    "Location",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[202],
    description="The operation's address.",
)
_RETRY_AFTER: Final = OpenApiParameter(
    "Retry-After",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    response=[200, 202],
    description="Seconds after which to look again, while it has not ended.",
)


class InstancePlan(ApiView):
    """The plan of an instance, as of Azure's last answer."""

    reads = "identities.view_signalrinstance"

    @extend_schema(responses=PlanSerializer, parameters=[_PATHS])
    def get(self, request: Request, name: str) -> Response:
        """Return it. Azure is not asked."""
        paths = request.query_params.getlist("path")
        return Response(render_json(plan_instance(instance_named(name), paths)))


class InstanceApply(ApiView):
    """Carrying the plan of an instance out in Azure."""

    reads = "sync.view_operation"
    writes = "sync.add_operation"
    is_repeatable = True

    @extend_schema(
        request=ApplySerializer,
        responses={202: OperationSerializer},
        parameters=[_KEY, _LOCATION, _RETRY_AFTER],
    )
    def post(self, request: Request, name: str) -> Response:
        """Start an operation that carries out the plan of that digest."""
        serializer = ApplySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data
        return once(request, lambda: self._start(request, instance_named(name), wanted))

    def _start(
        self, request: Request, instance: SignalRInstance, wanted: dict[str, Any]
    ) -> Response:
        operation = start_apply(
            instance,
            digest=wanted["digest"],
            paths=wanted["paths"],
            requested_by=request.user if isinstance(request.user, User) else None,
            requested_by_name=request.user.get_username(),
        )
        headers = {
            "Location": reverse("api-operation", args=[operation.pk]),
            "Retry-After": _POLL_SECONDS,
        }
        return Response(operation_document(operation), status=202, headers=headers)


class OperationList(ApiView, ListAPIView[Operation]):
    """Operations, the last first."""

    reads = "sync.view_operation"
    queryset = Operation.objects.select_related("instance").prefetch_related("steps")
    serializer_class = OperationSerializer
    filterset_fields = {"instance__name": ["iexact"], "state": ["exact"], "kind": ["exact"]}
    ordering_fields = ["created_at"]
    ordering = ["-created_at"]

    def list(self, *_args: Any, **_kwargs: Any) -> Response:
        """Return a page of their documents."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response([operation_document(row) for row in page])


class OperationDetail(ApiView):
    """One operation, and how far it is."""

    reads = "sync.view_operation"

    @extend_schema(responses=OperationSerializer, parameters=[_RETRY_AFTER])
    def get(self, _request: Request, pk: Any) -> Response:
        """Return how it stands."""
        return _standing(get_object_or_404(Operation, pk=pk))


class OperationCancel(ApiView):
    """Stopping an operation."""

    reads = "sync.view_operation"
    writes = "sync.change_operation"

    @extend_schema(request=None, responses=OperationSerializer, parameters=[_RETRY_AFTER])
    def post(self, request: Request, pk: Any) -> Response:
        """Stop it before its next step; one that Azure is working on is finished first."""
        operation = get_object_or_404(Operation, pk=pk)
        cancel(operation, who=request.user.get_username())
        return _standing(operation)


class InstanceDrift(ApiView):
    """How what Azure has differs from what is wanted."""

    asks_azure = True
    reads = "identities.view_signalrinstance"
    writes = "identities.change_signalrinstance"

    @extend_schema(responses=DriftSerializer)
    def get(self, _request: Request, name: str) -> Response:
        """Return it as of Azure's last answer."""
        return Response(_drift(instance_named(name)))

    @extend_schema(request=None, responses=DriftSerializer)
    def post(self, _request: Request, name: str) -> Response:
        """Ask Azure now, and return what it answers."""
        instance = instance_named(name)
        report = drift_of([instance])
        if report.errors:
            raise Problem(502, "azure", "Azure did not do it", " ".join(report.errors))
        return Response(_drift(instance_named(name)))


def _standing(operation: Operation) -> Response:
    headers = {} if operation.is_finished else {"Retry-After": _POLL_SECONDS}
    return Response(operation_document(operation), headers=headers)


def _drift(instance: SignalRInstance) -> dict[str, Any]:
    (entry,) = compare([instance]).entries
    observed = observed_state(instance)
    found = differences(observed, desired_state(instance)) if observed else ()
    return {
        "instance": instance.name,
        "status": entry.status.value,
        "observed_at": instance.observed_at and instance.observed_at.isoformat(),
        "changes": [asdict(change) for change in found],
    }
