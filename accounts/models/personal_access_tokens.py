"""Personal access tokens, with which scripts and pipelines call the API as a user."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from observability.database_outages import skipped_if_read_only

# Distinguishes them from Entra's tokens, and lets secret scanners find leaked ones.
PREFIX: Final = "smp_"
_RANDOM_BYTES: Final = 32
_SHOWN_CHARACTERS: Final = len(PREFIX) + 6
DEFAULT_LIFETIME: Final = timedelta(days=30)
MAX_LIFETIME: Final = timedelta(days=366)
# A role that was removed in Entra is lost at the next sign-in, and a token never signs in: users of
# Entra, who have no password here, renew their tokens this often.
_MAX_LIFETIME_WITH_ENTRA: Final = timedelta(days=30)
# Precision of the last use: not every request is a write.
_USE_RESOLUTION: Final = timedelta(minutes=1)


class PersonalAccessTokenQuerySet(models.QuerySet["PersonalAccessToken"]):
    """Personal access tokens."""

    def with_secret(self, secret: str) -> PersonalAccessTokenQuerySet:
        """Return the token with this text."""
        return self.filter(digest=_digest(secret))


class PersonalAccessToken(models.Model):
    """A token that allows what its user may do, limited by its scope.

    Its text is shown once, when it is created; the row holds its SHA-256. A token has 256 random
    bits, so a slow hash would add nothing.
    """

    class Scope(models.TextChoices):
        """The requests that the token may be used for."""

        READ = "read", "Read"
        WRITE = "write", "Read and write"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens"
    )
    name = models.CharField(
        max_length=100, help_text="The purpose of the token, such as a pipeline."
    )
    prefix = models.CharField(
        max_length=16, editable=False, help_text="How its text begins, to tell tokens apart."
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.READ)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PersonalAccessTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="token_scope_is_read_or_write",
                condition=models.Q(scope__in=["read", "write"]),
                violation_error_message="The scope is read or write.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"

    @classmethod
    def issue(
        cls, user: User, *, name: str, scope: Scope, lifetime: timedelta
    ) -> tuple[PersonalAccessToken, str]:
        """Create a token, and return its row and its text, which is stored nowhere.

        Raises ValidationError where the lifetime is longer than `longest_lifetime`.
        """
        if lifetime > (longest := longest_lifetime(user)):
            raise ValidationError(f"A token of {user} lasts at most {longest.days} days.")
        secret = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        now = timezone.now()
        row = cls.objects.create(
            user=user,
            name=name,
            prefix=secret[:_SHOWN_CHARACTERS],
            digest=_digest(secret),
            scope=scope,
            created_at=now,
            expires_at=now + lifetime,
        )
        return row, secret

    def is_usable(self, now: datetime) -> bool:
        """Return whether the token is accepted at `now`."""
        return self.revoked_at is None and now < self.expires_at and self.user.is_active

    def allows(self, permission: str) -> bool:
        """Return whether the scope has the permission, written `app.action_model`."""
        if self.scope == self.Scope.WRITE:
            return True
        is_reading = permission.partition(".")[2].startswith("view_")
        return is_reading and self.scope == self.Scope.READ

    def revoke(self) -> None:
        """Refuse the token from now on; the time of the first revocation is kept."""
        type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now())
        self.refresh_from_db(fields=["revoked_at"])

    def note_use(self, now: datetime) -> None:
        """Record that it was used, to the minute. A read-only database does not refuse its use."""
        if self.last_used_at is None or now - self.last_used_at >= _USE_RESOLUTION:
            with skipped_if_read_only():
                type(self).objects.filter(pk=self.pk).update(last_used_at=now)


def longest_lifetime(user: User) -> timedelta:
    """Return how long a token of this user may last."""
    return MAX_LIFETIME if user.has_usable_password() else _MAX_LIFETIME_WITH_ENTRA


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
