"""The view of the API's schema."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

# Content and headers by media type. The schema depends on nothing else but the code.
_rendered: dict[str, tuple[bytes, Mapping[str, str]]] = {}
# drf-spectacular fails where two threads build their first schema at once.
_building: Final = threading.Lock()


class SchemaView(SpectacularAPIView):
    """The schema, built and rendered once by each process, whatever the query is."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the schema in the media type that was negotiated."""
        media_type = str(request.accepted_media_type)
        if media_type not in _rendered:
            with _building:
                if media_type not in _rendered:
                    _rendered[media_type] = self._built(request, *args, **kwargs)
        content, headers = _rendered[media_type]
        return HttpResponse(content, headers=dict(headers))

    def _built(
        self, request: Request, *args: Any, **kwargs: Any
    ) -> tuple[bytes, Mapping[str, str]]:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.accepted_renderer = request.accepted_renderer
        response.accepted_media_type = str(request.accepted_media_type)
        response.renderer_context = self.get_renderer_context()  # type: ignore[attr-defined]
        response.render()
        return response.content, dict(response.items())
