"""The least that Django can do: no middleware, no token, no body read, one fixed answer."""

from __future__ import annotations

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost"],
    MIDDLEWARE=[],
    SECRET_KEY="none",  # noqa: S106
)

ANSWER = b'{"type":3,"invocationId":"7","result":"hello"}\x1e'


def take(_request: HttpRequest, instance: str) -> HttpResponse:
    """Answer what every contender answers."""
    return HttpResponse(ANSWER, content_type="application/octet-stream")


urlpatterns = [path("upstream/<str:instance>/", take)]
application = get_wsgi_application()
asgi_application = get_asgi_application()
