"""Requests that start work, and may be repeated by a client that got no response."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api.models import IdempotentAnswer
from api.problems import Problem

_MAX_CHARACTERS: Final = 128
# How long a request can be repeated by its key.
_REPEATABLE: Final = timedelta(days=1)


def once(request: Request, start: Callable[[], Response]) -> Response:
    """Return the response of `start`, or the stored one for a repeated request.

    A request is repeated where its Idempotency-Key was sent by the same caller within a day. The
    work and the answer are recorded together or not at all; one that was refused may be tried
    again. Raises Problem: 400 for a key that is empty or too long, 422 for one that was sent with
    another request.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return start()
    if not 0 < len(key) <= _MAX_CHARACTERS:
        detail = f"An Idempotency-Key must have 1 to {_MAX_CHARACTERS} characters."
        raise Problem(400, "invalid", "The request is not valid", detail)
    with transaction.atomic():
        kept = _keep(request, key)
        if not kept.status:
            _answer(kept, start())
    return Response(kept.body, status=kept.status, headers=kept.headers)


def _keep(request: Request, key: str) -> IdempotentAnswer:
    """Return the row of the key: a new one, or that of the first request.

    The database lets a second request of the key wait until the first one has its answer.
    """
    IdempotentAnswer.objects.delete_older_than(timezone.now() - _REPEATABLE)
    caller, digest = _caller(request), _digest(request)
    try:
        with transaction.atomic():
            return IdempotentAnswer.objects.create(caller=caller, key=key, request_digest=digest)
    except IntegrityError:
        kept = IdempotentAnswer.objects.get(caller=caller, key=key)
    if kept.request_digest != digest:
        raise Problem(
            422,
            "idempotency-key-reused",
            "The Idempotency-Key was used with a different request",
            "Use a new key for each request.",
        )
    return kept


def _answer(kept: IdempotentAnswer, answer: Response) -> None:
    kept.status = answer.status_code
    kept.headers = {name: answer[name] for name in ("Location", "Retry-After") if name in answer}
    kept.body = answer.data
    kept.save()


def _caller(request: Request) -> str:
    kind = "user" if isinstance(request.user, User) else "application"
    return f"{kind} {request.user.pk}"


def _digest(request: Request) -> str:
    asked = json.dumps([request.method, request.get_full_path(), request.data], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()
