"""The ASGI entry point that the web server loads: the receiver, the portal and the API."""

from __future__ import annotations

import multiprocessing
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

from config.garbage_collection import collect_less_often, keep_loaded_code
from config.parent_process import end_with_parent
from config.serving.content_type import refusing_invalid_content_types

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from asgiref.typing import ASGI3Application

_WAIT_SECONDS = 10.0
# The time that a thread may run while others wait. With Python's default of 5 ms, the event loop
# would wait that long for each of the portal's threads that renders a page.
_SWITCH_SECONDS = 0.0005

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def _application() -> ASGI3Application:
    """Return the application, and start the threads that serve it in this process."""
    if (server := multiprocessing.parent_process()) is not None and server.pid is not None:
        # This is a worker of granian's.
        end_with_parent(server.pid)
    sys.setswitchinterval(_SWITCH_SECONDS)
    django = refusing_invalid_content_types(get_wsgi_application())
    # They import models or read settings, which load after Django.
    from django.conf import settings  # noqa: PLC0415

    from config.serving.entry_point import EntryPoint, NotServed  # noqa: PLC0415
    from observability.health import Role, readyz  # noqa: PLC0415
    from observability.metric_storage import publisher  # noqa: PLC0415
    from observability.metrics import metrics  # noqa: PLC0415
    from validation.rate_limited_log import background  # noqa: PLC0415

    publisher.start()
    background.start()
    role = settings.SIGNALMAN_WEB_ROLE
    others: ASGI3Application = NotServed() if role == "receiver" else _portal_and_api(django)
    receiver = NotServed(others) if role == "portal" else _receiver(others)
    # Each has threads of its own: a database that hangs for one role delays no other's answer.
    readiness = {
        f"/readyz/{each}": partial(readyz, role=each)
        for each in Role
        if role == "all" or (each == Role.RECEIVER) == (role == "receiver")
    }
    return EntryPoint(receiver, probes={"/readyz": readyz, **readiness, "/metrics": metrics})


def _portal_and_api(django: WSGIApplication) -> ASGI3Application:
    from django.conf import settings  # noqa: PLC0415

    from config.serving.wsgi_adapter import WsgiAdapter  # noqa: PLC0415

    return WsgiAdapter(
        django,
        threads=settings.SIGNALMAN_WEB_THREADS,
        body_bytes=settings.SIGNALMAN_WEB_BODY_BYTES,
        body_seconds=settings.SIGNALMAN_WEB_BODY_SECONDS,
    )


def _receiver(others: ASGI3Application) -> ASGI3Application:
    from upstreams.receiver.authentication.policy_cache import policies  # noqa: PLC0415
    from upstreams.receiver.configuration import configuration  # noqa: PLC0415
    from upstreams.receiver.serving.application import ReceiverApplication  # noqa: PLC0415
    from validation.configuration import key_ring  # noqa: PLC0415

    # A database that does not respond delays the start only so long.
    # Each process reads signing keys before the first token, so that it can tell a wrong claim of a
    # token of Entra's from a forgery.
    policies.start(
        wait_seconds=_WAIT_SECONDS,
        prepare_issuer=lambda tenant, issuer: key_ring(tenant, issuer).prepare(),
    )
    return ReceiverApplication(others, threads=configuration().threads)


application = _application()
collect_less_often()
keep_loaded_code()
