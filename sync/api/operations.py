"""Plans, operations and drift."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import actor_of, name_of
from api.idempotency import once
from api.schema.links import to_operation
from api.views import ApiView, ListView
from arm.errors import NotFound
from identities.api.views import instance_named
from identities.models import SignalRInstance
from sync.api.serializers import (
    AcceptSerializer,
    ApplySerializer,
    DriftSerializer,
    OperationSerializer,
    PlanSerializer,
)
from sync.components.registry import REGISTRY
from sync.desired.accept_drift import accept
from sync.desired.state import desired_state, observed_state
from sync.inventory.drift import compare
from sync.inventory.refresh import refresh
from sync.models import Operation
from sync.operations.cancel import cancel
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_json
from sync.operations.start import start_apply
from upstreams.url_templates.redaction import redacted

# Seconds. An operation takes Azure at least that long.
POLL_SECONDS: Final = "5"
_PATHS: Final = OpenApiParameter(
    "path",
    OpenApiTypes.STR,
    many=True,
    description="Plan only the change at this path; may be repeated.",
)
_RETRY_AFTER: Final = OpenApiParameter(
    "Retry-After",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    response=[200],
    description="Seconds to wait before the next poll.",
)


class InstancePlan(ApiView):
    """The plan of an instance: the steps from its observed to its desired state."""

    reads = "identities.view_signalrinstance"
    problems = {"GET": {409}}
    links = {
        "GET": {
            200: {
                "apply": {
                    "operationId": "instances_apply_create",
                    "parameters": {"name": "$response.body#/instance"},
                    "requestBody": {"digest": "$response.body#/digest"},
                }
            }
        }
    }

    @extend_schema(responses=PlanSerializer, parameters=[_PATHS])
    def get(self, request: Request, name: str) -> Response:
        """Return the plan of an instance. Sends no requests to Azure."""
        paths = request.query_params.getlist("path")
        return Response(render_json(plan_instance(instance_named(name), paths)))


class InstanceApply(ApiView):
    """Apply the plan of an instance to Azure.

    A plan with `is_destructive` also needs `confirm_destructive`.
    """

    reads = "sync.view_operation"
    writes = "sync.add_operation"
    repeatable = starts_work = ("POST",)
    links = {"POST": {202: to_operation()}}

    @extend_schema(request=ApplySerializer, responses={202: OperationSerializer})
    def post(self, request: Request, name: str) -> Response:
        """Start an operation that applies the plan with the given digest."""
        serializer = ApplySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        return once(
            request,
            lambda: accepted(start_apply(instance_named(name), actor=actor_of(request), **data)),
        )


class OperationList(ListView):
    """Operations, newest first."""

    reads = "sync.view_operation"
    queryset = Operation.objects.select_related("instance").prefetch_related("steps")
    serializer_class = OperationSerializer
    filterset_fields = {"instance__name": ["iexact"], "state": ["exact"], "kind": ["exact"]}
    ordering_fields = ["created_at"]
    ordering = ["-created_at"]
    links = {"GET": {200: to_operation("$response.body#/results/0/id")}}


class OperationDetail(ApiView):
    """One operation and its progress."""

    reads = "sync.view_operation"

    @extend_schema(responses=OperationSerializer, parameters=[_RETRY_AFTER])
    def get(self, _request: Request, pk: Any) -> Response:
        """Read an operation with its steps."""
        return _answer(get_object_or_404(Operation, pk=pk))


class OperationCancel(ApiView):
    """Cancel an operation."""

    reads = "sync.view_operation"
    writes = "sync.change_operation"

    @extend_schema(request=None, responses=OperationSerializer, parameters=[_RETRY_AFTER])
    def post(self, request: Request, pk: Any) -> Response:
        """Stop an operation before its next step. A step that was already sent is completed."""
        operation = get_object_or_404(Operation, pk=pk)
        cancel(operation, who=name_of(request))
        return _answer(operation)


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


def accepted(operation: Operation) -> Response:
    """Return the answer to a request that started this operation."""
    headers = {
        "Location": reverse("api-operation", args=[operation.pk]),
        "Retry-After": POLL_SECONDS,
    }
    return Response(OperationSerializer(operation).data, status=202, headers=headers)


def _answer(operation: Operation) -> Response:
    headers = {} if operation.is_finished else {"Retry-After": POLL_SECONDS}
    return Response(OperationSerializer(operation).data, headers=headers)


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
