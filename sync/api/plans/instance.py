"""The plan of an instance, and applying it."""

from __future__ import annotations

from typing import Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import actor_of
from api.idempotency import once
from api.schema.links import to_operation
from api.views import ApiView
from identities.api.views import instance_named
from sync.api.operations import accepted
from sync.api.serializers import ApplySerializer, OperationSerializer, PlanSerializer
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_json
from sync.operations.start import start_apply

_PATHS: Final = OpenApiParameter(
    "path",
    OpenApiTypes.STR,
    many=True,
    description="Plan only the change at this path; may be repeated.",
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
