"""The first answer again for a request that the service sends twice, where a handler asks for it.

A client's call is known by its instance, hub, connection, method and invocation id. The first
request with them claims the call in Django's cache, which all processes share, and leaves its
answer there for the others.
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
from upstreams.receiver.protocol.errors import Repeated
from upstreams.receiver.protocol.requests import UpstreamRequest
from upstreams.receiver.protocol.responses import Answer

log = logging.getLogger(__name__)

_CLAIMED: Final = "claimed"


class Repetitions:
    """Runs each call once in `seconds`, as far as the cache remembers it."""

    def __init__(self, cache: BaseCache, seconds: float) -> None:
        self._cache: Final = cache
        self._seconds: Final = seconds

    def once(self, request: UpstreamRequest, call: Callable[[], Answer]) -> Answer:
        """Return what `call` answers, or what it answered to an equal request before.

        Raises Repeated while the first is still being answered, for as long as its process has not
        come back from it, and where the cache cannot be asked: nothing is then run a second time.
        """
        key = _key(request)
        first = self._claim(key)
        if first is not None:
            return first
        answer = call()
        self._keep(key, answer)
        return answer

    def _claim(self, key: str) -> Answer | None:
        """Return the answer that is there already, or None: the call is this request's to make."""
        try:
            if self._cache.add(key, _CLAIMED, self._seconds):
                return None
            found: Any = self._cache.get(key)
        except Exception as error:
            # Each cache has errors of its own.
            log.warning("Duplicates cannot be told: %s.", type(error).__name__)
            raise Repeated("duplicates_unknown", "The cache cannot be asked.") from error
        if not isinstance(found, dict):
            raise Repeated("duplicate_in_progress", "The call is being answered already.")
        return Answer(**{**found, "body": base64.b64decode(found["body"])})

    def _keep(self, key: str, answer: Answer) -> None:
        # Caches hold JSON.
        kept = {
            "status": answer.status,
            "body": base64.b64encode(answer.body).decode("ascii"),
            "content_type": answer.content_type,
            "outcome": answer.outcome,
            "reason": answer.reason,
        }
        try:
            self._cache.set(key, kept, self._seconds)
        except Exception as error:  # noqa: BLE001  # each cache has errors of its own
            log.warning("An answer is not kept for duplicates: %s.", type(error).__name__)


def repetitions() -> Repetitions:
    """Return what remembers calls, as it is configured."""
    return Repetitions(caches["default"], configuration().duplicate_seconds)


def _key(request: UpstreamRequest) -> str:
    # Hashed: caches limit what a key may hold, and senders choose these. Names may differ in case.
    named = [request.instance, request.hub, request.event]
    call = [*map(str.lower, named), request.connection_id, request.invocation_id]
    return "signalman:answer:" + hashlib.sha256(json.dumps(call).encode()).hexdigest()
