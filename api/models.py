"""Responses stored for repeated requests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.utils import timezone

# How long a request can be repeated by its Idempotency-Key.
_REPEATABLE: Final = timedelta(days=1)


class IdempotentAnswerQuerySet(models.QuerySet["IdempotentAnswer"]):
    """Questions about answers that are kept."""

    def delete_old(self, now: datetime) -> None:
        """Delete those whose requests nobody repeats any more."""
        self.filter(created_at__lt=now - _REPEATABLE).delete()


class IdempotentAnswer(models.Model):
    """What a request with an Idempotency-Key was answered, to answer its repetitions with.

    Source: draft-ietf-httpapi-idempotency-key-header.
    """

    caller = models.CharField(max_length=128)
    key = models.CharField(max_length=128)
    request_digest = models.CharField(
        max_length=64, help_text="SHA-256 of what was asked for, in hexadecimal."
    )
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = IdempotentAnswerQuerySet.as_manager()

    class Meta:
        # The table's first name, from when the model was one of accounts.
        db_table = "accounts_idempotentanswer"
        indexes = [models.Index(fields=["created_at"], name="idempotent_answer_by_age")]
        constraints = [
            models.UniqueConstraint(fields=["caller", "key"], name="one_answer_for_a_callers_key"),
        ]

    def __str__(self) -> str:
        return f"{self.caller}: {self.key}"
