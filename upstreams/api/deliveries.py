"""Sampled deliveries over the API."""

from __future__ import annotations

from identities.api.views import OfInstance
from upstreams.api.serializers import DeliverySerializer
from upstreams.models import Delivery


class DeliveryList(OfInstance):
    """Sampled deliveries of an instance, newest first."""

    reads = "upstreams.view_delivery"
    queryset = Delivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_fields = ["outcome", "reason", "hub", "event"]
    ordering_fields = ["received_at"]
    ordering = ["-received_at", "-pk"]
