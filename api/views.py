"""Base classes of the API's views."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Model
from django.shortcuts import get_object_or_404
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.conditional import entity_tag, require_match
from api.permissions import RolePermission
from api.throttles import CallerThrottle, refusals_counted


class ApiView(APIView):
    """A view with authentication, permissions and limits.

    `reads` and `writes` are the permissions, written `app.action_model`, that safe and other
    methods require; the setting REST_FRAMEWORK names the authentication classes. What follows
    tells the schema, by method, which problems a method has besides the usual ones, which take an
    Idempotency-Key, which answer with an operation, and by status what a response links to.
    """

    reads: ClassVar[str]
    writes: ClassVar[str] = ""
    problems: ClassVar[Mapping[str, Collection[int]]] = {}
    repeatable: ClassVar[Collection[str]] = ()
    starts_work: ClassVar[Collection[str]] = ()
    links: ClassVar[Mapping[str, Mapping[int, Any]]] = {}
    permission_classes = [RolePermission]
    throttle_classes = [CallerThrottle]
    # No OPTIONS: the schema says more, and is public.
    metadata_class = None

    def perform_authentication(self, request: Request) -> None:
        """Authenticate the caller; an address with too many refusals is stopped before."""
        with refusals_counted(request):
            super().perform_authentication(request)

    def get_throttles(self) -> list[Any]:
        """Return the throttles, and remember them for their headers."""
        self._throttles = super().get_throttles()
        return self._throttles

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Add the rest of the limit."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        for throttle in getattr(self, "_throttles", ()):
            for name, value in throttle.headers.items():
                answer[name] = value
        return answer


class ListView(ApiView, ListAPIView[Any]):
    """A paged list of rows, filtered and ordered."""


class DocumentView(ApiView):
    """A document that is read, and replaced only by a caller who saw its present version."""

    is_conditional: ClassVar[bool] = True

    def subject(self) -> Any:
        """Return the row that the URL names, with what the document needs.

        Raises Http404.
        """
        raise NotImplementedError

    def dump(self, subject: Any) -> Any:
        """Return the document."""
        raise NotImplementedError

    def load(self, request: Request, subject: Any, document: Any) -> None:
        """Write the document to the row. Raises ValidationError."""
        raise NotImplementedError

    @contextmanager
    def turn(self, _request: Request) -> Iterator[Any]:
        """Lock the row for this block, and yield it as it is now."""
        subject: Model = self.subject()
        rows = type(subject)._default_manager.select_for_update()  # noqa: SLF001  Django's own
        with transaction.atomic():
            get_object_or_404(rows, pk=subject.pk)
            yield self.subject()

    def read(self) -> Response:
        """Return the document with its entity tag."""
        document = self.dump(self.subject())
        return Response(document, headers={"ETag": entity_tag(document)})

    def replace(self, request: Request, document: Any) -> Response:
        """Replace the document if the caller saw its present version, and return the new one."""
        with self.turn(request) as present:
            require_match(request, self.dump(present))
            self.load(request, present, document)
            written = self.dump(self.subject())
        return Response(written, headers={"ETag": entity_tag(written)})
