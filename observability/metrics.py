"""`/metrics`: metric families that the apps register, rendered from rows for Prometheus."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from ipaddress import ip_network
from typing import Final

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from observability.client_address import connection_address
from observability.models import MetricValue

log = logging.getLogger(__name__)

# By label values.
Values = Mapping[tuple[str, ...], float]

# Headers that a proxy adds. Behind one, every request comes from the proxy's own address.
_FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED")


class Scrape:
    """The stored metric values at one moment. Raises DatabaseError where they cannot be read."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now: Final = now or timezone.now()
        self._values: dict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
        for row in MetricValue.objects.all():
            self._values[row.name][tuple(row.labels)] = row.value

    def values(self, name: str) -> Values:
        """Return the values of a stored metric, by label values."""
        return self._values.get(name, {})

    def seconds_since(self, moment: float) -> float:
        """Return how long ago a moment was. Both in seconds; the moment since the epoch."""
        return max(0.0, self.now.timestamp() - moment)


Source = Callable[[Scrape], Iterable[Metric]]
_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Have `/metrics` show what the function yields. Registering it again has no effect."""
    _sources[f"{source.__module__}.{source.__qualname__}"] = source


class RegisteredMetrics(Collector):
    """Every registered metric."""

    def collect(self) -> Iterator[Metric]:
        """Yield each metric family. Raises DatabaseError."""
        scrape = Scrape()
        for source in _sources.values():
            yield from source(scrape)


def counter_family(name: str, meaning: str, labels: Sequence[str], values: Values) -> Metric:
    """Return a counter with these values."""
    family = CounterMetricFamily(name, meaning, labels=labels)
    for found, value in sorted(values.items()):
        family.add_metric(found, value)
    return family


def gauge_family(name: str, meaning: str, labels: Sequence[str], values: Values) -> Metric:
    """Return a gauge with these values."""
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for found, value in sorted(values.items()):
        family.add_metric(found, value)
    return family


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the metrics in Prometheus' text format, or OpenMetrics' where that is requested.

    401 or 403 where the caller may not read them; 503 while the database cannot be read.
    """
    if (refused := _refusal(request)) is not None:
        return refused
    registry = CollectorRegistry()
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        registry.register(RegisteredMetrics())
        return HttpResponse(encode(registry), content_type=content_type)
    except DatabaseError as error:
        log.warning("Metrics cannot be read from the database: %s", error)
        return _text(503, "The database does not respond.")


def _refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the response to a caller who may not read the metrics.

    The bearer token decides where one is configured; otherwise the caller's address, if no proxy
    stands between.
    """
    token: str = settings.METRICS["TOKEN"]
    if token:
        authorization: str = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "bearer" and constant_time_compare(credentials.strip(), token):
            return None
        refused = _text(401, "Send SIGNALMAN_METRICS_TOKEN as the bearer token.")
        refused["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refused
    if _is_allowed_address(request):
        return None
    return _text(
        403, "Only SIGNALMAN_METRICS_NETWORKS may read metrics. Or set SIGNALMAN_METRICS_TOKEN."
    )


def _is_allowed_address(request: HttpRequest) -> bool:
    if any(name in request.META for name in _FORWARDED):
        return False
    address = connection_address(request)
    networks = map(ip_network, settings.METRICS["NETWORKS"])
    return address is not None and any(address in network for network in networks)


def _text(status: int, message: str) -> HttpResponse:
    return HttpResponse(f"{message}\n", status=status, content_type="text/plain; charset=utf-8")
