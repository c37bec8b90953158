"""Problem details for HTTP APIs (RFC 9457), the one format of the API's errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, JsonResponse

CONTENT_TYPE: Final = "application/problem+json"


class Problem(Exception):
    """A refusal by a view. `slug` makes the stable `type`, /problems/<slug>."""

    def __init__(
        self, status: int, slug: str, title: str, detail: str, **extensions: object
    ) -> None:
        super().__init__(detail)
        self.status: Final = status
        self.slug: Final = slug
        self.title: Final = title
        self.detail: Final = detail
        self.extensions: Final = extensions


def problem_response(
    request: HttpRequest, problem: Problem, headers: Mapping[str, str] | None = None
) -> JsonResponse:
    """Return the problem as the response to the request."""
    body: dict[str, Any] = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.path,
        "request_id": getattr(request, "request_id", None),
        **problem.extensions,
    }
    return JsonResponse(
        body, status=problem.status, content_type=CONTENT_TYPE, headers=dict(headers or {})
    )
