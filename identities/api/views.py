"""Reading subscriptions, instances and identities."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from rest_framework.generics import ListAPIView, RetrieveAPIView

from accounts.api.views import ApiView
from identities.api.serializers import (
    InstanceSerializer,
    SubscriptionSerializer,
    UserAssignedIdentitySerializer,
)
from identities.models import SignalRInstance, Subscription, UserAssignedIdentity


class SubscriptionList(ApiView, ListAPIView[Subscription]):
    """Subscriptions that hold instances."""

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


class InstanceList(ApiView, ListAPIView[SignalRInstance]):
    """Instances, by name unless asked otherwise."""

    reads = "identities.view_signalrinstance"
    queryset = SignalRInstance.objects.all()
    serializer_class = InstanceSerializer
    filterset_fields = ["subscription", "resource_group", "location", "policy"]
    ordering_fields = ["name", "observed_at"]
    ordering = ["name"]


class InstanceDetail(ApiView, RetrieveAPIView[SignalRInstance]):
    """One instance."""

    reads = "identities.view_signalrinstance"
    queryset = SignalRInstance.objects.all()
    serializer_class = InstanceSerializer
    lookup_field = "name"

    def get_object(self) -> SignalRInstance:
        """Return the instance of the name in the address, in any case."""
        return instance_named(self.kwargs["name"])


class UserAssignedIdentityList(ApiView, ListAPIView[UserAssignedIdentity]):
    """User-assigned identities that an instance can be given."""

    reads = "identities.view_userassignedidentity"
    queryset = UserAssignedIdentity.objects.all()
    serializer_class = UserAssignedIdentitySerializer
    filterset_fields = ["name", "location", "principal_id", "client_id"]
    ordering_fields = ["name"]
    ordering = ["name", "pk"]


def instance_named(name: str) -> SignalRInstance:
    """Return the instance of that name, in any case, with what is wanted. Raises Http404."""
    return get_object_or_404(SignalRInstance.objects.with_desired().named(name))
