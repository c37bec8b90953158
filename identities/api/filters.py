"""Filters of instances and identities."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django_filters.rest_framework import CharFilter, FilterSet

from identities.models import SignalRInstance, UserAssignedIdentity


class InstanceFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    """Filters of instances, for lists and bulk requests."""

    name = CharFilter(lookup_expr="iexact", label="The name, ignoring case.")
    search = CharFilter(field_name="name", lookup_expr="icontains", label="Part of the name.")
    resource_group = CharFilter(lookup_expr="iexact", label="The resource group, ignoring case.")

    class Meta:
        model = SignalRInstance
        fields = ["name", "search", "subscription", "resource_group", "location", "policy"]


class UserAssignedIdentityFilters(FilterSet):  # type: ignore[misc]
    """Filters of user-assigned identities."""

    search = CharFilter(method="matching", label="Part of the name or the ARM id.")

    class Meta:
        model = UserAssignedIdentity
        fields = ["search", "name", "location", "principal_id", "client_id"]

    def matching(
        self, rows: QuerySet[UserAssignedIdentity], _name: str, word: str
    ) -> QuerySet[UserAssignedIdentity]:
        """Return those that contain the word."""
        return rows.filter(Q(name__icontains=word) | Q(arm_id__icontains=word))
