"""Callers of the API: users in the groups of the roles, and their tokens."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import Group, User
from rest_framework.test import APIClient

from accounts.models import PersonalAccessToken
from accounts.roles import Role

Scope = PersonalAccessToken.Scope
DAY = timedelta(days=1)


def user(role: Role | None, name: str = "") -> User:
    """Return a user in the role's group; None is a user of no group."""
    created = User.objects.create_user(name or f"one-of-{role}")
    if role is not None:
        created.groups.add(Group.objects.get(name=role.value))
    return created


def token(
    role: Role | None, *, scope: Scope = Scope.WRITE, lifetime: timedelta = DAY
) -> tuple[PersonalAccessToken, APIClient]:
    """Return a token of a new user in that role, and a client that sends it."""
    row, secret = PersonalAccessToken.issue(user(role), name="test", scope=scope, lifetime=lifetime)
    return row, bearing(secret)


def bearing(secret: str) -> APIClient:
    """Return a client that sends this as its bearer token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def caller(role: Role) -> APIClient:
    """Return the client of a user with that role."""
    return token(role)[1]
