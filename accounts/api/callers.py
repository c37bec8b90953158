"""Who asks, in the words of the history and the audit trail."""

from __future__ import annotations

from django.contrib.auth.models import User
from rest_framework.request import Request


def name_of(request: Request) -> str:
    """Return what the caller is called: a user by name, an application by its object id."""
    return str(request.user.get_username())


def user_of(request: Request) -> User | None:
    """Return the user who asks; None where an application does."""
    return request.user if isinstance(request.user, User) else None
