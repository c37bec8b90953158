"""Roles: the permissions of each, and of its group."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from accounts.roles import Role
from tests.accounts.callers import user


@pytest.mark.parametrize(
    ("role", "permission", "allowed"),
    [
        (Role.VIEWER, "identities.view_signalrinstance", True),
        (Role.VIEWER, "identities.change_signalrinstance", False),
        (Role.VIEWER, "auth.view_user", False),
        (Role.OPERATOR, "identities.view_signalrinstance", True),
        (Role.OPERATOR, "identities.change_signalrinstance", True),
        (Role.OPERATOR, "auth.change_user", False),
        (Role.OPERATOR, "accounts.change_personalaccesstoken", False),
        (Role.ADMINISTRATOR, "auth.change_user", True),
    ],
)
@pytest.mark.django_db
def test_role_and_group_allow_the_same(role: Role, permission: str, *, allowed: bool) -> None:
    assert role.allows(permission) is allowed
    assert user(role).has_perm(permission) is allowed


@pytest.mark.django_db
def test_migration_creates_groups() -> None:
    assert {*Group.objects.values_list("name", flat=True)} >= {role.value for role in Role}
