"""The view of the API's schema."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

# By media type. The schema depends on nothing else but the code.
_rendered: dict[str, tuple[bytes, str]] = {}


class SchemaView(SpectacularAPIView):
    """The schema, built and rendered once by each process."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse | Response:
        """Return the schema in the media type that was negotiated."""
        media_type = str(request.accepted_media_type)
        if set(request.query_params) - {"format"}:
            # A language or a version, which none of our pages asks for.
            return self._built(request, *args, **kwargs)
        if media_type not in _rendered:
            response = self._built(request, *args, **kwargs)
            response.add_post_render_callback(
                lambda done: _rendered.update({media_type: (done.content, done["Content-Type"])})
            )
            return response
        content, content_type = _rendered[media_type]
        return HttpResponse(content, content_type=content_type)

    def _built(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return response
