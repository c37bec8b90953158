"""Subscriptions, instances and identities as JSON."""

from __future__ import annotations

from rest_framework import serializers

from identities.models import SignalRInstance, Subscription, UserAssignedIdentity


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    """A subscription."""

    class Meta:
        model = Subscription
        fields = ["subscription_id", "tenant_id", "display_name"]


class InstanceSerializer(serializers.ModelSerializer[SignalRInstance]):
    """An instance: what is known of the resource. What is wanted of it has addresses of its own."""

    subscription_id = serializers.UUIDField(read_only=True)

    class Meta:
        model = SignalRInstance
        fields = [
            "name",
            "arm_id",
            "subscription_id",
            "resource_group",
            "location",
            "policy",
            "provisioning_state",
            "host_name",
            "observed_at",
            "azure_modified_at",
            "missing_since",
        ]
        read_only_fields = fields


class UserAssignedIdentitySerializer(serializers.ModelSerializer[UserAssignedIdentity]):
    """A user-assigned identity, as Azure last answered."""

    class Meta:
        model = UserAssignedIdentity
        fields = ["arm_id", "name", "location", "tenant_id", "principal_id", "client_id"]
