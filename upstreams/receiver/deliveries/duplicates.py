"""Recognises calls that the service sends twice, for handlers registered as idempotent.

A client's call is identified by its instance, hub, connection, method and invocation id. The first
request claims the call in Django's cache, which all processes share, and keeps its response there
for the others.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Callable
from typing import Any, Final

from django.core.cache import BaseCache, caches

from upstreams.receiver.configuration import configuration
from upstreams.receiver.protocol.refusals import DuplicateInProgress
from upstreams.receiver.protocol.requests import UpstreamRequest
from upstreams.receiver.protocol.responses import UpstreamResponse

log = logging.getLogger(__name__)

_CLAIMED: Final = "claimed"


class DuplicateCalls:
    """Remembers each call and its response for `seconds`, as far as the cache does."""

    def __init__(self, cache: BaseCache, seconds: float) -> None:
        self._cache: Final = cache
        self._seconds: Final = seconds

    def once(
        self, request: UpstreamRequest, call: Callable[[], UpstreamResponse]
    ) -> UpstreamResponse:
        """Return what `call` returns, or what it returned to an equal request before.

        Raises DuplicateInProgress.
        """
        first = self.claim(request)
        if first is not None:
            return first
        response = call()
        self.keep(request, response)
        return response

    def claim(self, request: UpstreamRequest) -> UpstreamResponse | None:
        """Return the response to an equal request; None where this request must make the call.

        Raises DuplicateInProgress while the first call runs, or its process did not finish it, and
        where the cache cannot be read: nothing then runs a second time.
        """
        key = _key(request)
        try:
            if self._cache.add(key, _CLAIMED, self._seconds):
                return None
            found: Any = self._cache.get(key)
        except Exception as error:
            # Each cache raises its own client's errors.
            log.warning("Duplicates cannot be recognised: %s.", type(error).__name__)
            raise DuplicateInProgress(
                "duplicates_unknown", "The cache that recognises duplicates does not respond."
            ) from error
        # A cache that serialises as JSON returns a list.
        if not isinstance(found, (tuple, list)):
            raise DuplicateInProgress("duplicate_in_progress", "The same call is being handled.")
        status, body, *rest = found
        return UpstreamResponse(status, base64.b64decode(body), *rest)

    def keep(self, request: UpstreamRequest, response: UpstreamResponse) -> None:
        """Store the response for equal requests."""
        kept = (
            response.status,
            base64.b64encode(response.body).decode(),
            response.content_type,
            response.outcome,
            response.reason,
        )
        try:
            self._cache.set(_key(request), kept, self._seconds)
        except Exception as error:  # noqa: BLE001  # each cache raises its own client's errors
            log.warning("A response could not be stored for duplicates: %s.", type(error).__name__)


def duplicate_calls() -> DuplicateCalls:
    """Return the memory of calls in the default cache."""
    return DuplicateCalls(caches["default"], configuration().duplicate_seconds)


def _key(request: UpstreamRequest) -> str:
    # Hashed: caches limit what a key may hold, and senders choose these. Names may differ in case.
    named = [request.instance, request.hub, request.event]
    call = [*map(str.lower, named), request.connection_id, request.invocation_id]
    return "signalman:response:" + hashlib.sha256(json.dumps(call).encode()).hexdigest()
