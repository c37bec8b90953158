"""Operations: their list, one and its progress, cancelling one."""

from __future__ import annotations

from typing import Any, Final

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.callers import name_of
from api.schema.links import to_operation
from api.views import ApiView, ListView
from sync.api.serializers import OperationSerializer
from sync.models import Operation
from sync.operations.cancel import cancel

# Seconds. An operation takes Azure at least that long.
POLL_SECONDS: Final = "5"
_RETRY_AFTER: Final = OpenApiParameter(
    "Retry-After",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    response=[200],
    description="Seconds to wait before the next poll.",
)


class OperationList(ListView):
    """Operations, newest first."""

    reads = "sync.view_operation"
    queryset = Operation.objects.select_related("instance").prefetch_related("steps")
    serializer_class = OperationSerializer
    filterset_fields = {"instance__name": ["iexact"], "state": ["exact"], "kind": ["exact"]}
    ordering_fields = ["created_at"]
    ordering = ["-created_at"]
    links = {"GET": {200: to_operation("$response.body#/results/0/id")}}


class OperationDetail(ApiView):
    """One operation and its progress."""

    reads = "sync.view_operation"

    @extend_schema(responses=OperationSerializer, parameters=[_RETRY_AFTER])
    def get(self, _request: Request, pk: Any) -> Response:
        """Read an operation with its steps."""
        return _answer(get_object_or_404(Operation, pk=pk))


class OperationCancel(ApiView):
    """Cancel an operation."""

    reads = "sync.view_operation"
    writes = "sync.change_operation"

    @extend_schema(request=None, responses=OperationSerializer, parameters=[_RETRY_AFTER])
    def post(self, request: Request, pk: Any) -> Response:
        """Stop an operation before its next step. A step that was already sent is completed."""
        operation = get_object_or_404(Operation, pk=pk)
        cancel(operation, who=name_of(request))
        return _answer(operation)


def accepted(operation: Operation) -> Response:
    """Return the answer to a request that started this operation."""
    headers = {
        "Location": reverse("api-operation", args=[operation.pk]),
        "Retry-After": POLL_SECONDS,
    }
    return Response(OperationSerializer(operation).data, status=202, headers=headers)


def _answer(operation: Operation) -> Response:
    headers = {} if operation.is_finished else {"Retry-After": POLL_SECONDS}
    return Response(OperationSerializer(operation).data, headers=headers)
