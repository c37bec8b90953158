"""Reading what was received, and which Function Apps receive."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import QuerySet, Sum
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.views import ApiView
from identities.api.views import instance_named
from upstreams.api.serializers import (
    DeliverySerializer,
    FunctionAppSerializer,
    TrafficSerializer,
)
from upstreams.models import Delivery, DeliveryCount, FunctionApp

_MAX_HOURS: Final = 24 * 90


class DeliveryList(ApiView, ListAPIView[Delivery]):
    """Samples of what an instance sent, the last first."""

    reads = "upstreams.view_delivery"
    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_fields = ["outcome", "reason", "hub", "event"]
    ordering_fields = ["received_at"]
    ordering = ["-received_at", "-pk"]

    def get_queryset(self) -> QuerySet[Delivery]:
        """Return those of the instance in the address."""
        if getattr(self, "swagger_fake_view", False):
            return Delivery.objects.none()
        return Delivery.objects.filter(instance=instance_named(self.kwargs["name"]))


class Hours(serializers.Serializer[dict[str, int]]):
    """How far back to look."""

    hours = serializers.IntegerField(min_value=1, max_value=_MAX_HOURS, default=24)


class InstanceTraffic(ApiView):
    """How many deliveries an instance had, of which every one is counted."""

    reads = "upstreams.view_deliverycount"

    @extend_schema(
        responses=TrafficSerializer(many=True),
        parameters=[OpenApiParameter("hours", OpenApiTypes.INT, description="Default: 24.")],
    )
    def get(self, request: Request, name: str) -> Response:
        """Return the numbers by outcome and reason, the largest first."""
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


class FunctionAppList(ApiView, ListAPIView[FunctionApp]):
    """Function Apps that templates may point at, by name."""

    reads = "upstreams.view_functionapp"
    queryset = FunctionApp.objects.all()
    serializer_class = FunctionAppSerializer
    filterset_fields = ["name", "host_name", "policy", "subscription"]
    ordering_fields = ["name"]
    ordering = ["name", "pk"]
