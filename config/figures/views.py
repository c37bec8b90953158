"""`/metrics`: the figures, for Prometheus and who else may see them."""

from __future__ import annotations

import logging
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from config.figures.collecting import Figures

log = logging.getLogger(__name__)

# What a proxy adds. Behind one, every stranger's request comes from the proxy's own address.
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED")


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures in Prometheus' text format, or OpenMetrics' where that is asked for.

    401 or 403 to whoever may not see them; 503 while the database cannot be read.
    """
    if (refused := _refusal(request)) is not None:
        return refused
    registry = CollectorRegistry()
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        registry.register(Figures())
        return HttpResponse(encode(registry), content_type=content_type)
    except DatabaseError as error:
        log.warning("Figures cannot be read: %s", error)
        return _words(503, "The database does not answer.")


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to whoever may not see the figures.

    Where there is a token, it is what counts; otherwise the caller's address, if nothing stands
    between.
    """
    token: str = settings.METRICS["TOKEN"]
    if token:
        scheme, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer" and constant_time_compare(given.strip(), token):
            return None
        refused = _words(401, "Send SIGNALMAN_METRICS_TOKEN as the bearer token.")
        refused["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refused
    if _is_near(request):
        return None
    return _words(
        403, "Figures are for SIGNALMAN_METRICS_NETWORKS, or set SIGNALMAN_METRICS_TOKEN."
    )


def _is_near(request: HttpRequest) -> bool:
    if any(name in request.META for name in _FORWARDED):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in ip_network(network) for network in settings.METRICS["NETWORKS"])


def _words(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
