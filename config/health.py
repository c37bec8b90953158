"""Whether this process lives, and whether it can do its work: what an orchestrator asks."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.figures.catalogue import TICK
from config.figures.models import Figure
from upstreams.models import UpstreamTemplate
from validation.configuration import key_ring

_CACHE_SECONDS: Final = 5


@require_safe
@never_cache
def livez(_request: HttpRequest) -> JsonResponse:
    """Answer 200: the process takes requests. A restart would mend nothing else."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200, or 503 where one of the checks fails; the document names each.

    `?exclude=<name>`, which may be repeated, leaves a check out, as Kubernetes' own /readyz does.
    """
    excluded = request.GET.getlist("exclude")
    troubles = {name: check() for name, check in _CHECKS.items() if name not in excluded}
    is_ready = not any(troubles.values())
    checks = {
        name: {"status": "failed", "detail": trouble} if trouble else {"status": "ok"}
        for name, trouble in troubles.items()
    }
    document = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(document, status=200 if is_ready else 503)


# Each returns what is wrong, or nothing. What drivers say may name hosts and users, and this
# address is open to everybody: none of it is repeated.


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "The database does not answer."
    return ""


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "It is not known which migrations were applied."
    return f"{len(plan)} migrations were not applied: run manage.py migrate." if plan else ""


def _cache() -> str:
    key, value = f"readyz-{uuid.uuid4().hex}", "1"
    try:
        cache.set(key, value, _CACHE_SECONDS)
        found = cache.get(key)
        cache.delete(key)
    except Exception:  # noqa: BLE001  each of Django's caches raises its own client's errors
        found = None
    return "" if found == value else "The cache does not keep what it is given."


def _worker() -> str:
    """Look at the last tick: beat asked for it, the queue carried it and a worker did it."""
    limit = settings.SIGNALMAN_TICK_LIMIT_SECONDS
    try:
        tick = Figure.objects.filter(name=TICK).first()
    except DatabaseError:
        return "It is not known when a worker last did a tick."
    if tick is None:
        return "No worker has done a tick yet: start one, with --beat."
    age = time.time() - tick.value
    if age > limit:
        return f"A worker last did a tick {age:.0f} seconds ago; the limit is {limit:g}."
    return ""


def _signing_keys() -> str:
    """Look whether upstream requests could be validated now, and have missing keys read."""
    try:
        tenants = UpstreamTemplate.objects.signed().tenants()
    except DatabaseError:
        return "It is not known whose signing keys are needed."
    missing = [tenant for tenant in tenants if not key_ring(tenant).prepare()]
    if not missing:
        return ""
    return f"The signing keys of {len(missing)} of {len(tenants)} tenants were not read yet."


_CHECKS: Final[dict[str, Callable[[], str]]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
    "worker": _worker,
    "signing_keys": _signing_keys,
}
