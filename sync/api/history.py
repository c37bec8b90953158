"""The history of the desired state, and rolling back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import name_of
from api.fields import DocumentSerializer, NumberField, StrictSerializer, TextField
from api.idempotency import once
from api.views import ApiView
from identities.api.views import OfInstance, instance_named
from sync.api.serializers import PlanSerializer
from sync.desired.history import rollback
from sync.models import DesiredRevision
from sync.operations.json_output import revision_document
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_json


class RevisionSerializer(DocumentSerializer):
    """One revision of an instance's desired state."""

    number = serializers.IntegerField(help_text="Counts from 1 within the instance.")
    at = serializers.DateTimeField()
    who = serializers.CharField()
    action = serializers.CharField()
    comment = serializers.CharField(allow_blank=True)
    digest = serializers.CharField()
    state = serializers.JSONField()

    def document(self, row: DesiredRevision) -> dict[str, Any]:
        """Return it."""
        return revision_document(row)


class RevisionList(OfInstance):
    """The revisions of an instance's desired state, newest first."""

    reads = "sync.view_desiredrevision"
    queryset = DesiredRevision.objects.all()
    serializer_class = RevisionSerializer
    filterset_fields = ["who", "digest"]
    ordering_fields = ["number"]
    ordering = ["-number"]


class RollbackSerializer(StrictSerializer):
    """The revision to restore, and a change note."""

    number = NumberField(min_value=1, max_value=2**31 - 1)
    comment = TextField(max_length=255, allow_blank=True, default="", help_text="A change note.")


class InstanceRollback(ApiView):
    """Make an earlier revision the desired state again. This creates a new revision."""

    reads = "sync.view_desiredrevision"
    writes = "identities.change_signalrinstance"
    repeatable = ("POST",)

    @extend_schema(request=RollbackSerializer, responses=PlanSerializer)
    def post(self, request: Request, name: str) -> Response:
        """Roll back to a revision and return the plan. Writes nothing to Azure."""
        serializer = RollbackSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        return once(request, lambda: _roll_back(name, data, name_of(request)))


@transaction.atomic
def _roll_back(name: str, data: Mapping[str, Any], who: str) -> Response:
    rollback(instance_named(name), data["number"], who=who, comment=data["comment"])
    return Response(render_json(plan_instance(instance_named(name))))
