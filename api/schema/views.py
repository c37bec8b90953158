"""The view of the API's schema."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

# Content and headers by the renderer's media type. The schema depends on nothing else but the code.
_rendered: dict[str, tuple[bytes, Mapping[str, str]]] = {}
# drf-spectacular fails where two threads build their first schema at once.
_building: Final = threading.Lock()


class SchemaView(SpectacularAPIView):
    """The schema, built and rendered once by each process, whatever the request is."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the schema in the media type that was negotiated."""
        renderer = request.accepted_renderer
        # Not `accepted_media_type`: it has the caller's own parameters.
        media_type = renderer.media_type
        if media_type not in _rendered:
            with _building:
                if media_type not in _rendered:
                    _rendered[media_type] = self._built(renderer)
        content, headers = _rendered[media_type]
        return HttpResponse(content, headers=dict(headers))

    def _built(self, renderer: BaseRenderer) -> tuple[bytes, Mapping[str, str]]:
        # Without the request: all callers would get the version and language that the first named.
        schema = self.generator_class().get_schema(public=True)  # type: ignore[no-untyped-call]
        name = f"{spectacular_settings.TITLE}.{renderer.format}"
        response = Response(schema, headers={"Content-Disposition": f'inline; filename="{name}"'})
        response.accepted_renderer = renderer
        response.accepted_media_type = renderer.media_type
        response.renderer_context = {}  # type: ignore[attr-defined]
        response.render()
        return response.content, dict(response.items())
