"""The Content-Security-Policy of pages; other responses have that of the settings."""

from __future__ import annotations

from typing import Any, Final

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.sign_in.configuration import is_offered

Directives = dict[str, list[str]]

_PAGE: Final[Directives] = {
    "default-src": [SELF],
    "img-src": [SELF, "data:"],
    "object-src": [NONE],
    # Alpine and Chart.js set styles of elements, Redoc adds a style element.
    "style-src": [SELF, UNSAFE_INLINE],
}
_SIGN_IN: Final = "/admin/login/"
# By path prefix.
_PAGES: Final[dict[str, Directives]] = {
    # Alpine, which unfold uses, compiles the expressions in attributes: see SECURITY.md.
    "/admin/": {**_PAGE, "script-src": [SELF, UNSAFE_EVAL], "form-action": [SELF]},
    "/api/v1/docs/": _PAGE,
    "/api/v1/redoc/": {**_PAGE, "worker-src": ["blob:"]},
}


class ContentSecurityPolicy(CSPMiddleware):
    """Set the policy of a page by its path prefix."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the policy of the settings with the directives of this page."""
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only:
            parts.replace = {**_needed(request.path_info), **(parts.replace or {})}
            if request.path_info == _SIGN_IN and is_offered():
                # The sign-in form redirects to Entra, and form-action applies to redirects too.
                parts.update = {"form-action": [settings.VALIDATION["AUTHORITY"]]}
        return parts


def _needed(path: str) -> dict[str, Any]:
    return next((found for start, found in _PAGES.items() if path.startswith(start)), {})
