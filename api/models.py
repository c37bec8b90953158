"""Responses stored for repeated requests."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone


class IdempotentAnswerQuerySet(models.QuerySet["IdempotentAnswer"]):
    """Queries of stored responses."""

    def delete_older_than(self, moment: datetime) -> None:
        """Delete the responses from before `moment`."""
        self.filter(created_at__lt=moment).delete()


class IdempotentAnswer(models.Model):
    """The response to a request with an Idempotency-Key, returned again where it is repeated.

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
