"""Fixtures of the portal tests: a signed-in client, and an instance."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from accounts.roles import Role
from identities.models import SignalRInstance, Subscription

SignIn = Callable[[Role], Client]


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """Return a client that is signed in as a user with a role."""

    def client_of(role: Role) -> Client:
        user = User.objects.create_user(f"a-{role.name.lower()}", is_staff=True)
        user.groups.add(Group.objects.get(name=role.value))
        client = Client()
        client.force_login(user)
        return client

    return client_of


@pytest.fixture
def instance(db: None) -> SignalRInstance:
    """Return an instance that was never read from Azure."""
    subscription = Subscription.objects.create(
        subscription_id="22222222-2222-4222-8222-222222222222",
        tenant_id="11111111-1111-4111-8111-111111111111",
        display_name="Contoso",
    )
    return SignalRInstance.objects.create(
        name="contoso-chat", subscription=subscription, resource_group="rg", location="westeurope"
    )
