"""Deliveries, traffic, Function Apps and data planes over the API."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Final

from django.db.models import Sum
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.views import ApiView, ListView
from identities.api.views import OfInstance, instance_named
from upstreams.api.serializers import (
    DataPlaneSerializer,
    DeliverySerializer,
    FunctionAppSerializer,
    TrafficSerializer,
)
from upstreams.models import Delivery, DeliveryCount, FunctionApp
from upstreams.token_requests.data_planes import DATA_PLANES

_MAX_HOURS: Final = 24 * 90


class DeliveryList(OfInstance):
    """Sampled deliveries of an instance, newest first."""

    reads = "upstreams.view_delivery"
    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_fields = ["outcome", "reason", "hub", "event"]
    ordering_fields = ["received_at"]
    ordering = ["-received_at", "-pk"]


class Hours(serializers.Serializer[dict[str, int]]):
    """The period of the counts."""

    hours = serializers.IntegerField(min_value=1, max_value=_MAX_HOURS, default=24)


class InstanceTraffic(ApiView):
    """The number of deliveries of an instance. Every delivery is counted."""

    reads = "upstreams.view_deliverycount"

    @extend_schema(
        responses=TrafficSerializer(many=True),
        parameters=[
            OpenApiParameter(
                "hours",
                OpenApiTypes.INT,
                description="The number of hours to count. By default 24.",
            )
        ],
    )
    def get(self, request: Request, name: str) -> Response:
        """Count deliveries by outcome and reason, largest counts first."""
        instance = instance_named(name)
        hours = Hours(data=request.query_params)
        hours.is_valid(raise_exception=True)
        since = timezone.now() - timedelta(hours=hours.validated_data["hours"])
        rows = (
            DeliveryCount.objects.filter(instance=instance)
            .since(since)
            .order_by()
            .values("outcome", "reason")
            .annotate(total=Sum("count"))
            .order_by("-total", "outcome", "reason")
        )
        return Response(TrafficSerializer(rows, many=True).data)


class FunctionAppList(ListView):
    """Function Apps to which templates can send events, by name."""

    reads = "upstreams.view_functionapp"
    queryset = FunctionApp.objects.all()
    serializer_class = FunctionAppSerializer
    filterset_fields = ["name", "host_name", "policy", "subscription"]
    ordering_fields = ["name"]
    ordering = ["name", "pk"]


class DataPlaneList(ApiView):
    """The resources that templates need for Azure services, each with its source."""

    reads = "identities.view_signalrinstance"

    @extend_schema(responses=DataPlaneSerializer(many=True))
    def get(self, _request: Request) -> Response:
        """List the resources of Azure services to which a template can send events."""
        return Response([asdict(plane) for plane in DATA_PLANES])
