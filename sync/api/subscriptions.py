"""Subscriptions: import and refresh their instances, and list those that are visible in Azure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import name_of
from api.fields import FlagField, StrictSerializer, TextField
from api.problems import Problem
from api.views import ApiView
from arm.client import list_subscriptions
from identities.api.serializers import SubscriptionSerializer
from identities.models import Subscription
from identities.validators import validate_resource_group
from sync.azure_client import arm_settings
from sync.inventory.create_and_update_instances import ImportReport
from sync.inventory.import_subscription import import_subscription
from sync.inventory.refresh import refresh_subscription


class ImportSerializer(StrictSerializer):
    """The instances to import of a subscription; by default all of its instances."""

    resource_group = TextField(
        required=False,
        validators=[validate_resource_group],
        help_text="Import only this resource group.",
    )
    name = TextField(
        required=False, max_length=63, help_text="Import only the instance with this name."
    )
    accept = FlagField(
        default=False,
        help_text="Also set the desired state of known instances to Azure's current state.",
    )


class ImportReportSerializer(serializers.Serializer[Any]):
    """The result for each instance, by name, and a message for each failed read."""

    created = serializers.ListField(child=serializers.CharField())
    updated = serializers.ListField(child=serializers.CharField())
    unchanged = serializers.ListField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())
    unreadable = serializers.ListField(child=serializers.CharField())


class SubscriptionImport(ApiView):
    """Import instances with their identities, upstream templates and Function Apps.

    Azure's current state becomes the desired state of a new instance, and its policy is observe.
    Importing again changes nothing.
    """

    reads = "identities.view_signalrinstance"
    writes = "identities.add_signalrinstance"
    problems = {"POST": {502}}

    @extend_schema(request=ImportSerializer, responses=ImportReportSerializer)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Import a subscription, one of its resource groups, or one instance."""
        serializer = ImportSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data: Mapping[str, Any] = serializer.validated_data
        report = import_subscription(
            subscription_id,
            resource_group=data.get("resource_group"),
            name=data.get("name"),
            accept=data["accept"],
            who=name_of(request),
        )
        if "name" in data and report == ImportReport(unreadable=report.unreadable):
            raise Problem(
                404,
                "not-found",
                "Not found",
                "Azure has no instance with this name that the credential can read.",
            )
        return Response(asdict(report))


class SubscriptionRefresh(ApiView):
    """The observed state of the instances of a subscription that Signalman knows."""

    reads = "identities.view_signalrinstance"
    writes = "identities.change_signalrinstance"
    problems = {"POST": {502}}

    @extend_schema(request=None, responses=ImportReportSerializer)
    def post(self, _request: Request, subscription_id: UUID) -> Response:
        """Refresh the known instances of a subscription from Azure."""
        report = refresh_subscription(get_object_or_404(Subscription, pk=subscription_id))
        return Response(asdict(report))


class VisibleSubscriptions(ApiView):
    """The subscriptions that Signalman's credential can access."""

    reads = "identities.view_subscription"
    problems = {"GET": {409, 502}}

    @extend_schema(responses=SubscriptionSerializer(many=True))
    def get(self, _request: Request) -> Response:
        """List the subscriptions that can be imported, from Azure."""
        return Response([asdict(each) for each in list_subscriptions(arm_settings())])
