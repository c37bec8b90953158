"""Whether this process lives, and whether it can do its work: what an orchestrator asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

_CACHE_SECONDS: Final = 5


@require_safe
@never_cache
def livez(_request: HttpRequest) -> JsonResponse:
    """Answer 200: the process takes requests. A restart would mend nothing else."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200, or 503 with what is missing; requests belong elsewhere until it is there."""
    missing = {name: trouble for name, check in _CHECKS.items() if (trouble := check())}
    if missing:
        return JsonResponse({"status": "not ready", "missing": missing}, status=503)
    return JsonResponse({"status": "ready"})


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        # What the driver says may name hosts and users; this address is open to everybody.
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


_CHECKS: Final[dict[str, Callable[[], str]]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
}
