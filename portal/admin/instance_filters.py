"""Filters of the list of instances. They use columns only, so a filter is one query."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from diagnosis.chain.links import Link
from identities.models import ManagedIdentity, SignalRInstance
from portal.admin.base import ValuesFilter
from sync.models import SyncStatus


class StatusFilter(DropdownFilter):
    """By sync status as of the last comparison."""

    title = "sync status"
    parameter_name = "status"

    def lookups(self, _request: HttpRequest, _admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return the statuses."""
        return [(str(value), str(label)) for value, label in SyncStatus.choices]

    def queryset(
        self, _request: HttpRequest, rows: QuerySet[SignalRInstance]
    ) -> QuerySet[SignalRInstance]:
        """Return the instances with the status; one that was never compared is Unknown."""
        if self.value() == SyncStatus.UNKNOWN:
            return rows.filter(
                Q(sync_status__isnull=True) | Q(sync_status__status=SyncStatus.UNKNOWN)
            )
        return rows.filter(sync_status__status=self.value()) if self.value() else rows


class WorstLinkFilter(DropdownFilter):
    """By the worst link of the chain as of the last diagnosis."""

    title = "worst link"
    parameter_name = "link"

    def lookups(self, _request: HttpRequest, _admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return the links that can fail, the outcomes, and that it was not checked."""
        links = [(link.value, link.label) for link in Link if link is not Link.CLIENT]
        return [*links, ("passed", "All passed"), ("none", "Not checked yet")]

    def queryset(
        self, _request: HttpRequest, rows: QuerySet[SignalRInstance]
    ) -> QuerySet[SignalRInstance]:
        """Return the instances with the link."""
        if self.value() == "none":
            return rows.filter(sync_status__diagnosed_at__isnull=True)
        if self.value() == "passed":
            return rows.filter(sync_status__worst_outcome="pass")
        return rows.filter(sync_status__worst_link=self.value()) if self.value() else rows


class IdentityTypeFilter(DropdownFilter):
    """By the type of the desired identity."""

    title = "identity type"
    parameter_name = "identity"

    def lookups(self, _request: HttpRequest, _admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return the types."""
        return [(str(value), str(label)) for value, label in ManagedIdentity.Type.choices]

    def queryset(
        self, _request: HttpRequest, rows: QuerySet[SignalRInstance]
    ) -> QuerySet[SignalRInstance]:
        """Return the instances with the type."""
        return rows.filter(identity__type=self.value()) if self.value() else rows


class GroupFilter(ValuesFilter):
    """By resource group."""

    title = "resource group"
    parameter_name = "group"
    source = SignalRInstance
    column = "resource_group"


class LocationFilter(ValuesFilter):
    """By location."""

    title = "location"
    parameter_name = "location"
    source = SignalRInstance
    column = "location"
