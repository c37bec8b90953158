"""The audit trail."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, FilterSet, IsoDateTimeFilter, UUIDFilter
from rest_framework import serializers

from api.fields import DocumentSerializer
from api.views import ListView
from sync.models import AuditEvent
from sync.operations.json_output import audit_document


class AuditEventSerializer(DocumentSerializer):
    """An audit event: who changed what, with the values before and after."""

    at = serializers.DateTimeField()
    who = serializers.CharField()
    action = serializers.CharField()
    object = serializers.CharField(help_text="The ARM ID or name of the changed resource.")
    before = serializers.JSONField()
    after = serializers.JSONField()
    operation = serializers.UUIDField(allow_null=True)
    request_id = serializers.CharField(allow_null=True)

    def document(self, row: AuditEvent) -> dict[str, Any]:
        """Return it."""
        return audit_document(row)


class AuditFilters(FilterSet):  # type: ignore[misc]  # it ships no types
    """The filters of the audit trail."""

    object = CharFilter(method="about", label="The ARM id, or the resource's name.")
    since = IsoDateTimeFilter(field_name="at", lookup_expr="gte", label="ISO 8601.")
    until = IsoDateTimeFilter(field_name="at", lookup_expr="lt", label="ISO 8601.")
    operation = UUIDFilter(field_name="operation_id", label="The operation's id.")

    class Meta:
        model = AuditEvent
        fields = ["object", "who", "action", "since", "until", "operation", "request_id"]

    def about(self, rows: Any, _name: str, value: str) -> QuerySet[AuditEvent]:
        """Return the events of that resource."""
        found: QuerySet[AuditEvent] = rows.about(value)
        return found


class AuditEventList(ListView):
    """The audit trail, newest first. Events are never changed or deleted."""

    reads = "sync.view_auditevent"
    queryset = AuditEvent.objects.all()
    serializer_class = AuditEventSerializer
    filterset_class = AuditFilters
    ordering_fields = ["at"]
    ordering = ["-at", "-pk"]
