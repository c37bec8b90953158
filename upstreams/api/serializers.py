"""Deliveries and Function Apps as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from upstreams.models import Delivery, FunctionApp, Outcome


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One upstream request as it was received."""

    # Explicit, since the range of a small integer depends on the database.
    status = serializers.IntegerField(min_value=100, max_value=599, read_only=True)

    class Meta:
        model = Delivery
        fields = [
            "received_at",
            "hub",
            "category",
            "event",
            "connection_id",
            "user_id",
            "invocation_id",
            "outcome",
            "reason",
            "status",
            "duration_ms",
        ]


class TrafficSerializer(serializers.Serializer[Any]):
    """The number of deliveries of one kind."""

    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reason = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField(source="total")


class FunctionAppSerializer(serializers.ModelSerializer[FunctionApp]):
    """A Function App that templates may point at."""

    subscription_id = serializers.UUIDField(read_only=True)

    class Meta:
        model = FunctionApp
        fields = [
            "name",
            "arm_id",
            "subscription_id",
            "location",
            "host_name",
            "policy",
            "observed_at",
            "problem",
            "missing_since",
        ]
        read_only_fields = fields


class DataPlaneSerializer(serializers.Serializer[Any]):
    """An Azure service, the resource that it requires, and the source."""

    service = serializers.CharField()
    resource = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # also an attribute of DRF's
    host_suffixes = serializers.ListField(child=serializers.CharField())
