"""API views of subscriptions, instances, identities and vaults."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.generics import RetrieveAPIView

from api.views import ApiView, ListView
from identities.api.filters import InstanceFilters, UserAssignedIdentityFilters
from identities.api.serializers import (
    InstanceSerializer,
    KeyVaultSerializer,
    SubscriptionSerializer,
    UserAssignedIdentitySerializer,
)
from identities.models import KeyVault, SignalRInstance, Subscription, UserAssignedIdentity


class SubscriptionList(ListView):
    """Subscriptions with instances."""

    reads = "identities.view_subscription"
    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    filterset_fields = ["tenant_id"]
    ordering_fields = ["display_name", "subscription_id"]
    ordering = ["subscription_id"]


class SubscriptionDetail(ApiView, RetrieveAPIView[Subscription]):
    """One subscription."""

    reads = "identities.view_subscription"
    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    lookup_field = "subscription_id"


class InstanceList(ListView):
    """Instances, ordered by name by default."""

    reads = "identities.view_signalrinstance"
    queryset = SignalRInstance.objects.all()
    serializer_class = InstanceSerializer
    filterset_class = InstanceFilters
    ordering_fields = ["name", "observed_at"]
    ordering = ["name"]


class UserAssignedIdentityList(ListView):
    """User-assigned identities that an instance can use."""

    reads = "identities.view_userassignedidentity"
    queryset = UserAssignedIdentity.objects.all()
    serializer_class = UserAssignedIdentitySerializer
    filterset_class = UserAssignedIdentityFilters
    ordering_fields = ["name"]
    ordering = ["name", "pk"]


class KeyVaultList(ListView):
    """Vaults that URL templates reference, as last observed."""

    reads = "identities.view_keyvault"
    queryset = KeyVault.objects.all()
    serializer_class = KeyVaultSerializer
    filterset_fields = ["name"]
    ordering_fields = ["name"]
    ordering = ["name"]


class OfInstance(ListView):
    """Rows of the instance in the URL; `queryset` is of all instances."""

    def get_queryset(self) -> QuerySet[Any]:
        """Return the rows of that instance. Raises Http404."""
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        return rows.filter(instance=instance_named(self.kwargs["name"]))


def instance_named(name: str) -> SignalRInstance:
    """Return the instance of that name, with its desired state. Raises Http404."""
    return get_object_or_404(SignalRInstance.objects.with_desired().named(name))
