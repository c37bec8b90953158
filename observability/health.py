"""Liveness and readiness of this process, for orchestrators and load balancers."""

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

# Returns what is wrong, or an empty text. A driver's message may name hosts and users, and the
# answer is public: none of it is repeated.
Check = Callable[[], str]

_CACHE_SECONDS: Final = 5
_checks: dict[str, Check] = {}
# Requests are served without these: a process whose cache is away stays in the load balancer.
_DEGRADING: Final = frozenset({"cache"})


def register(name: str, check: Check) -> None:
    """Have `/readyz` run a check under this name. Registering the name again replaces it."""
    _checks[name] = check


@require_safe
@never_cache
def livez(_request: HttpRequest) -> JsonResponse:
    """Answer 200: the process takes requests. A restart would fix nothing else."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200, or 503 where a check fails; the document has the result of each check.

    The cache is reported as degraded, and does not make the process unready.

    `?exclude=<name>`, which may be repeated, skips a check, as Kubernetes' own /readyz does.
    """
    excluded = request.GET.getlist("exclude")
    failures = {name: check() for name, check in _checks.items() if name not in excluded}
    is_ready = not any(found for name, found in failures.items() if name not in _DEGRADING)
    checks = {
        name: {"status": _status(name), "detail": failure} if failure else {"status": "ok"}
        for name, failure in failures.items()
    }
    document = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(document, status=200 if is_ready else 503)


def _status(name: str) -> str:
    return "degraded" if name in _DEGRADING else "failed"


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
        return "Applied migrations cannot be read: the database does not answer."
    return f"{len(plan)} migrations are not applied: run manage.py migrate." if plan else ""


def _cache() -> str:
    key, value = f"readyz-{uuid.uuid4().hex}", "1"
    try:
        cache.set(key, value, _CACHE_SECONDS)
        found = cache.get(key)
        cache.delete(key)
    except Exception:  # noqa: BLE001  each of Django's caches raises its own client's errors
        found = None
    return "" if found == value else "The cache does not keep what it is given."


register("database", _database)
register("migrations", _migrations)
register("cache", _cache)
