"""The receiver as a view of Django REST framework, for whatever Django itself is asked."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.views import APIView

from upstreams.receiver.authentication.token import InstanceAuthentication
from upstreams.receiver.serving.processing import receive
from upstreams.receiver.serving.wsgi import read_body


class UpstreamView(APIView):
    """Takes one event, and answers it as `reception` says.

    The path names the instance; the headers say which event it is, and what follows the name has to
    agree with them only where the URL template put the event there.
    """

    http_method_names = ["post"]
    authentication_classes: list[type[BaseAuthentication]] = [InstanceAuthentication]
    permission_classes = []
    parser_classes = []

    def dispatch(self, request: HttpRequest, *_args: Any, **kwargs: Any) -> HttpResponse:
        """Answer without what DRF does around a handler.

        Its own request and response, negotiation and headers take longer than all of receiving, and
        are for callers that choose a format, hold a session or run in a browser.
        """
        # Not request.body, which has a limit of its own: DATA_UPLOAD_MAX_MEMORY_SIZE.
        answer = receive(request, kwargs["instance"], lambda size: read_body(request.META, size))
        return HttpResponse(
            answer.body,
            status=answer.status,
            content_type=answer.content_type,
            headers=dict(answer.headers),
        )
