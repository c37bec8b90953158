"""The plans of all instances that match a filter, and applying them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import actor_of
from api.filters import Filters
from api.idempotency import once
from api.schema.links import to_operation
from api.views import ApiView
from identities.api.filters import InstanceFilters
from identities.models import SignalRInstance
from sync.api.operations import POLL_SECONDS
from sync.api.serializers import (
    FleetApplySerializer,
    FleetOperationsSerializer,
    FleetPlanSerializer,
    OperationSerializer,
)
from sync.operations.plans.fleet import MOST_INSTANCES, apply_instances, plan_instances
from sync.operations.plans.output import render_json


class FilteredInstances(ApiView, GenericAPIView[SignalRInstance]):
    """The instances that match the filters."""

    queryset = SignalRInstance.objects.with_desired()
    filterset_class = InstanceFilters
    filter_backends = [Filters]
    pagination_class = None


class FleetPlan(FilteredInstances):
    __doc__ = f"""The plans of all instances that match the filters of the list of instances.

    At most {MOST_INSTANCES} instances are planned at once: narrow the filters if there are more.
    """

    reads = "identities.view_signalrinstance"
    problems = {"GET": {409}}

    @extend_schema(responses=FleetPlanSerializer, filters=True)
    def get(self, _request: Request) -> Response:
        """Return the plans of the instances. Sends no requests to Azure."""
        fleet = plan_instances(self.filter_queryset(self.get_queryset()))
        return Response(
            {
                "digest": fleet.digest,
                "plans": [render_json(plan) for _, plan in fleet.plans],
                "unchanged": list(fleet.unchanged),
                "refusals": [each.to_json() for each in fleet.refusals],
            }
        )


class FleetApply(FilteredInstances):
    """Apply the plans of all instances that match the filters.

    Use the filters of the plan, and its digest: if instances were added or removed, or any plan
    changed, nothing is started, and the problem has the current digest. An instance on which an
    operation is in progress, or whose plan is destructive and not confirmed, is refused alone.
    """

    reads = "sync.view_operation"
    writes = "sync.add_operation"
    repeatable = ("POST",)
    links = {"POST": {202: to_operation("$response.body#/operations/0/id")}}

    @extend_schema(
        request=FleetApplySerializer, responses={202: FleetOperationsSerializer}, filters=True
    )
    def post(self, request: Request) -> Response:
        """Start an operation for each plan that is not empty."""
        serializer = FleetApplySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return once(request, lambda: self._start(request, serializer.validated_data))

    def _start(self, request: Request, asked: Mapping[str, Any]) -> Response:
        started = apply_instances(
            self.filter_queryset(self.get_queryset()), actor=actor_of(request), **asked
        )
        body = {
            "operations": OperationSerializer(started.operations, many=True).data,
            "refusals": [each.to_json() for each in started.refusals],
        }
        return Response(body, status=202, headers={"Retry-After": POLL_SECONDS})
