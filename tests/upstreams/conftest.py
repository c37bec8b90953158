"""An instance to receive for."""

from __future__ import annotations

from uuid import UUID

import pytest

from identities.models import SignalRInstance, Subscription

TENANT_ID = UUID("aaaaaaaa-0000-4000-8000-00000000aaaa")


@pytest.fixture
def instance(db: None) -> SignalRInstance:
    """A fresh instance without an identity and without templates."""
    subscription = Subscription.objects.create(
        subscription_id=UUID("bbbbbbbb-0000-4000-8000-00000000bbbb"), tenant_id=TENANT_ID
    )
    return SignalRInstance.objects.create(
        name="contoso-test", subscription=subscription, resource_group="contoso"
    )
