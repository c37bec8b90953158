"""The WSGI entry point that the web server loads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def _serving() -> WSGIApplication:
    """Return the application, in a process that publishes what it counts."""
    django = get_wsgi_application()
    # They import models, which load after Django.
    from observability.publisher import publisher  # noqa: PLC0415
    from observability.request_ids import request_name  # noqa: PLC0415
    from upstreams.receiver.serving.wsgi import ReceiverFirst  # noqa: PLC0415

    publisher.start()
    return ReceiverFirst(django, name=request_name)


application = _serving()
