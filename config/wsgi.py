"""The WSGI entry point that the web server loads."""

from __future__ import annotations

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def _serving() -> WSGIHandler:
    """Return the application, in a process that publishes what it counts."""
    handler = get_wsgi_application()
    from config.figures.publishing import publisher  # noqa: PLC0415  models load after Django

    publisher.start()
    return handler


application = _serving()
