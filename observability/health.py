"""Liveness of this process, and readiness for each role, for orchestrators and load balancers."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from typing import Final

from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from observability.database_outages import AWAY, READ_ONLY
from validation.cache_errors import CacheErrorsLogged
from validation.rate_limited_log import RateLimitedLog

log = RateLimitedLog(logging.getLogger(__name__))


class Role(StrEnum):
    """A role of a process; `/readyz/<role>` runs only the checks of that role."""

    RECEIVER = "receiver"
    PORTAL = "portal"
    WORKER = "worker"


class Degraded(str):
    """A finding with which the role is still fulfilled, though slower or in part."""

    __slots__ = ()


# Returns what is wrong, or an empty text. A driver's message may name hosts and users, and the
# answer is public: none of it is repeated.
Check = Callable[[], str]

_CACHE_SECONDS: Final = 5
# How long the cache may take to answer: probes have time limits of their own.
_CACHE_WAIT_SECONDS: Final = 1.0
_checks: dict[str, tuple[Check, frozenset[Role]]] = {}


def register(name: str, check: Check, roles: Iterable[Role]) -> None:
    """Have `/readyz`, and `/readyz/<role>` of each of `roles`, run a check.

    A check that is registered again replaces the earlier one of its name.

    Give a role only those checks without which a process cannot fulfil it. What makes it slower, or
    makes another role fail, would take every process out of the load balancer at once.
    """
    _checks[name] = check, frozenset(roles)


@require_safe
@never_cache
def livez(_request: HttpRequest) -> JsonResponse:
    """Answer 200: the process takes requests. A restart would fix nothing else."""
    return JsonResponse({"status": "live"})


@require_safe
@never_cache
def readyz(request: HttpRequest, role: str = "") -> HttpResponse:
    """Answer 200, or 503 where a check fails; the document has the result of each check.

    With a role, only its checks are run; 404 for a role that does not exist. A finding that is
    degraded does not make the process unready.

    `?exclude=<name>`, which may be repeated, skips a check, as Kubernetes' own /readyz does.
    """
    if role and role not in set(Role):
        return HttpResponseNotFound()
    excluded = request.GET.getlist("exclude")
    failures = {
        name: check()
        for name, (check, roles) in _checks.items()
        if name not in excluded and (not role or role in roles)
    }
    is_ready = all(isinstance(found, Degraded) for found in failures.values() if found)
    checks = {
        name: {"status": _status(failure), "detail": failure} if failure else {"status": "ok"}
        for name, failure in failures.items()
    }
    document = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(document, status=200 if is_ready else 503)


def _status(failure: str) -> str:
    return "degraded" if isinstance(failure, Degraded) else "failed"


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT current_setting('transaction_read_only')")
            else:
                cursor.execute("SELECT 'off'")
            (is_read_only,) = cursor.fetchone()
    except DatabaseError:
        return AWAY.message
    # Pages and upstream requests are served; what changes rows is answered with 503.
    return Degraded(READ_ONLY.message) if is_read_only == "on" else ""


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "Applied migrations cannot be read, because the database does not respond."
    return f"Migrations not applied: {len(plan)}. Run manage.py migrate." if plan else ""


class _CacheCheck:
    """Stores a value in a thread of its own, so that a cache that hangs delays no probe."""

    def __init__(self) -> None:
        self._executor: Final = ThreadPoolExecutor(1, thread_name_prefix="cache-check")
        self._last: Future[bool] | None = None

    def __call__(self) -> str:
        """Return what is wrong. Requests are served without a cache."""
        if self._last is not None and not self._last.done():
            return Degraded("The cache still does not respond.")
        self._last = self._executor.submit(self._keeps_value)
        try:
            is_kept = self._last.result(_CACHE_WAIT_SECONDS)
        except TimeoutError:
            return Degraded(f"The cache does not respond within {_CACHE_WAIT_SECONDS:g} seconds.")
        return "" if is_kept else Degraded("The cache does not return what was stored in it.")

    @staticmethod
    def _keeps_value() -> bool:
        key, value = f"readyz-{uuid.uuid4().hex}", "1"
        with CacheErrorsLogged(log, "The cache failed its readiness check: %s."):
            cache.set(key, value, _CACHE_SECONDS)
            found = cache.get(key)
            cache.delete(key)
            return bool(found == value)
        return False


register("database", _database, {Role.PORTAL, Role.WORKER})
register("migrations", _migrations, {Role.PORTAL, Role.WORKER})
register("cache", _CacheCheck(), {Role.PORTAL, Role.WORKER})
