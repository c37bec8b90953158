"""Models of accounts. Users and groups are Django's own."""

from __future__ import annotations

from accounts.models.personal_access_tokens import (
    DEFAULT_LIFETIME,
    MAX_LIFETIME,
    PREFIX,
    PersonalAccessToken,
    PersonalAccessTokenQuerySet,
    longest_lifetime,
)

__all__ = [
    "DEFAULT_LIFETIME",
    "MAX_LIFETIME",
    "PREFIX",
    "PersonalAccessToken",
    "PersonalAccessTokenQuerySet",
    "longest_lifetime",
]
