"""Subscriptions, instances and identities as JSON."""

from __future__ import annotations

from rest_framework import serializers

from identities.models import KeyVault, SignalRInstance, Subscription, UserAssignedIdentity


class SubscriptionSerializer(serializers.ModelSerializer[Subscription]):
    """A subscription."""

    class Meta:
        model = Subscription
        fields = ["subscription_id", "tenant_id", "display_name"]


class InstanceSerializer(serializers.ModelSerializer[SignalRInstance]):
    """An instance as last observed. Its desired state has endpoints of its own."""

    subscription_id = serializers.UUIDField(read_only=True)

    class Meta:
        model = SignalRInstance
        fields = [
            "name",
            "arm_id",
            "subscription_id",
            "resource_group",
            "location",
            "sku",
            "service_mode",
            "policy",
            "is_protected",
            "provisioning_state",
            "host_name",
            "observed_at",
            "azure_modified_at",
            "missing_since",
        ]
        read_only_fields = fields


class KeyVaultSerializer(serializers.ModelSerializer[KeyVault]):
    """A vault that URL templates reference; `problem` says why its grants could not be read."""

    class Meta:
        model = KeyVault
        fields = ["name", "arm_id", "vault_uri", "tenant_id", "uses_rbac", "problem", "observed_at"]
        read_only_fields = fields


class UserAssignedIdentitySerializer(serializers.ModelSerializer[UserAssignedIdentity]):
    """A user-assigned identity, as last observed."""

    class Meta:
        model = UserAssignedIdentity
        fields = ["arm_id", "name", "location", "tenant_id", "principal_id", "client_id"]
        read_only_fields = fields
