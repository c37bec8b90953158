"""How lists of instances and identities are narrowed down."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django_filters.rest_framework import CharFilter, FilterSet

from identities.models import SignalRInstance, UserAssignedIdentity


class InstanceFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    """Of the list of instances, and of whatever is done with many at once."""

    name = CharFilter(lookup_expr="iexact", label="The name, in any case.")
    search = CharFilter(field_name="name", lookup_expr="icontains", label="A part of the name.")
    resource_group = CharFilter(lookup_expr="iexact", label="The resource group, in any case.")

    class Meta:
        model = SignalRInstance
        fields = ["name", "search", "subscription", "resource_group", "location", "policy"]


class UserAssignedIdentityFilters(FilterSet):  # type: ignore[misc]
    """Of the list of user-assigned identities."""

    search = CharFilter(method="matching", label="A part of the name or the ARM id.")

    class Meta:
        model = UserAssignedIdentity
        fields = ["search", "name", "location", "principal_id", "client_id"]

    def matching(
        self, rows: QuerySet[UserAssignedIdentity], _name: str, word: str
    ) -> QuerySet[UserAssignedIdentity]:
        """Return those that the word is in."""
        return rows.filter(Q(name__icontains=word) | Q(arm_id__icontains=word))
