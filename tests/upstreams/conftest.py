"""An instance to receive for, and a project with hubs."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from pytest_django import Settings

from identities.models import SignalRInstance, Subscription
from tests.upstreams.project import hubs
from upstreams.receiver import UpstreamRequest
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.deliveries.recorder import recorder
from upstreams.receiver.testing import installed_hubs

TENANT_ID = UUID("aaaaaaaa-0000-4000-8000-00000000aaaa")


@pytest.fixture(autouse=True)
def written_at_once(settings: Settings) -> Iterator[None]:
    """Write each delivery before it is answered, and remember nothing of other tests."""
    settings.RECEIVER = settings.RECEIVER | {"FLUSH_SECONDS": 0}
    policies.forget()
    recorder.forget()
    yield
    policies.forget()


@pytest.fixture
def project() -> Iterator[list[UpstreamRequest]]:
    """Install the project's hub; the list holds what its handlers were called with."""
    hubs.calls.clear()
    with installed_hubs(hubs.chat):
        yield hubs.calls
    hubs.calls.clear()


@pytest.fixture
def instance(db: None) -> SignalRInstance:
    """A fresh instance without an identity and without templates."""
    subscription = Subscription.objects.create(
        subscription_id=UUID("bbbbbbbb-0000-4000-8000-00000000bbbb"), tenant_id=TENANT_ID
    )
    return SignalRInstance.objects.create(
        name="contoso-test", subscription=subscription, resource_group="contoso"
    )
