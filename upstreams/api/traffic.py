"""Counts of deliveries over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Sum
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.views import ApiView
from identities.api.views import instance_named
from upstreams.api.serializers import TrafficSerializer
from upstreams.models import DeliveryCount

_MAX_HOURS: Final = 24 * 90


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
