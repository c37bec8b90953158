"""The portal's pages on templates and deliveries."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from identities.models import SignalRInstance
from upstreams.models import Delivery, DeliveryCount, UpstreamTemplate


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    return client


def template(instance: SignalRInstance, hub: str, position: int) -> UpstreamTemplate:
    return UpstreamTemplate.objects.create(
        instance=instance,
        position=position,
        hub_pattern=hub,
        url_template="https://app.example.com/",
        auth_type="ManagedIdentity",
        resource="api://chat",
    )


def test_form_lists_templates_in_order(operator: Client, instance: SignalRInstance) -> None:
    template(instance, "second-hub", 1)
    template(instance, "first-hub", 0)
    url = reverse("admin:identities_signalrinstance_change", args=[instance.pk])
    page = operator.get(url).content.decode()
    assert page.index("first-hub") < page.index("second-hub")


@pytest.mark.parametrize("model", ["upstreamtemplate", "delivery", "deliverycount"])
def test_lists_open(operator: Client, instance: SignalRInstance, model: str) -> None:
    template(instance, "chat", 0)
    now = timezone.now()
    refused = {"instance": instance, "outcome": "refused", "reason": "expired"}
    Delivery.objects.create(received_at=now, status=401, duration_ms=1, **refused)
    DeliveryCount.objects.create(minute=now, count=1, **refused)
    response = operator.get(reverse(f"admin:upstreams_{model}_changelist"))
    assert response.status_code == 200
    assert instance.name in response.content.decode()


@pytest.mark.parametrize("model", ["delivery", "deliverycount"])
def test_deliveries_cannot_be_added(operator: Client, model: str) -> None:
    assert operator.get(reverse(f"admin:upstreams_{model}_add")).status_code == 403


def test_delivery_is_read_only(operator: Client, instance: SignalRInstance) -> None:
    row = Delivery.objects.create(
        instance=instance,
        received_at=timezone.now(),
        outcome="accepted",
        status=200,
        duration_ms=1,
    )
    url = reverse("admin:upstreams_delivery_change", args=[row.pk])
    assert operator.get(url).status_code == 200
    assert operator.post(url, {"outcome": "failed"}).status_code == 403
    assert (
        operator.post(reverse("admin:upstreams_delivery_delete", args=[row.pk])).status_code == 403
    )
