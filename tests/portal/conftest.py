"""People who look at the portal, without a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from accounts.roles import Role

SignIn = Callable[[Role], Client]


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """Return a client of somebody of a role."""

    def client_of(role: Role) -> Client:
        user = User.objects.create_user(f"a-{role.name.lower()}", is_staff=True)
        user.groups.add(Group.objects.get(name=role.value))
        client = Client()
        client.force_login(user)
        return client

    return client_of
