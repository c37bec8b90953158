"""What every view of the API has in common."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.permissions import RolePermission
from accounts.api.throttles import CallerThrottle
from accounts.authentication import ApplicationAuthentication, PersonalTokenAuthentication


class ApiView(APIView):
    """A view that knows its caller, its permissions and its limits.

    `reads` and `writes` are the permissions, written `app.action_model`, that safe and other
    methods ask for.
    """

    reads: ClassVar[str]
    writes: ClassVar[str] = ""
    # The first one's challenge is what a request without credentials is answered with.
    authentication_classes = [
        PersonalTokenAuthentication,
        ApplicationAuthentication,
        SessionAuthentication,
    ]
    permission_classes = [RolePermission]
    throttle_classes = [CallerThrottle]

    def get_throttles(self) -> list[Any]:
        """Return the throttles, and remember them for their headers."""
        self._throttles = super().get_throttles()
        return self._throttles

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Add what is left of the limit."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        for throttle in getattr(self, "_throttles", ()):
            for name, value in throttle.headers.items():
                answer[name] = value
        return answer
