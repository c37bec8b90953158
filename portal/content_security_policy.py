"""The Content-Security-Policy of pages; that of all other answers is the setting's: nothing."""

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
    # Libraries write styles into the page: Alpine and Chart.js into elements, Redoc into its head.
    "style-src": [SELF, UNSAFE_INLINE],
}
_SIGN_IN: Final = "/admin/login/"
# By the beginning of the path.
_PAGES: Final[dict[str, Directives]] = {
    # Alpine, on which unfold rests, compiles what its attributes say.
    "/admin/": {**_PAGE, "script-src": [SELF, UNSAFE_EVAL], "form-action": [SELF]},
    "/api/v1/docs/": _PAGE,
    "/api/v1/redoc/": {**_PAGE, "worker-src": ["blob:"]},
}


class ContentSecurityPolicy(CSPMiddleware):
    """Says what a page may load, run and send to, by the beginning of its address."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the policy of the setting with what pages of this address need in its place."""
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only:
            parts.replace = {**_needed(request.path_info), **(parts.replace or {})}
            if request.path_info == _SIGN_IN and is_offered():
                # The form that leads to Entra is answered with a redirect, which counts as well.
                parts.update = {"form-action": [settings.VALIDATION["AUTHORITY"]]}
        return parts


def _needed(path: str) -> dict[str, Any]:
    return next((found for start, found in _PAGES.items() if path.startswith(start)), {})
