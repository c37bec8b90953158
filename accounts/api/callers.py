"""The caller of the API as an actor."""

from __future__ import annotations

from django.contrib.auth.models import User
from rest_framework.request import Request

from accounts.actor import Actor


def actor_of(request: Request) -> Actor:
    """Return the authenticated caller."""
    return Actor.of(request.user)


def name_of(request: Request) -> str:
    """Return the caller's name: a user's, or an application's object id."""
    return actor_of(request).name


def user_of(request: Request) -> User | None:
    """Return the user who calls; None for an application."""
    return actor_of(request).user
