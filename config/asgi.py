"""The ASGI entry point that the web server loads: the receiver, the portal and the API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from asgiref.typing import ASGI3Application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def _serving() -> ASGI3Application:
    """Return the application, in a process that publishes what it counts."""
    django = get_wsgi_application()
    # They import models or read settings, which load after Django.
    from django.conf import settings  # noqa: PLC0415

    from config.bridge import asgi  # noqa: PLC0415
    from observability.publisher import publisher  # noqa: PLC0415
    from observability.request_ids import request_name  # noqa: PLC0415
    from upstreams.receiver.configuration import configuration  # noqa: PLC0415
    from upstreams.receiver.serving.asgi import ReceiverFirst  # noqa: PLC0415

    publisher.start()
    return ReceiverFirst(
        asgi(django, threads=settings.SIGNALMAN_WEB_THREADS),
        name=request_name,
        threads=configuration().threads,
    )


application = _serving()
