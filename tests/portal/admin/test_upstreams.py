"""The admin lists of upstream templates and deliveries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from identities.models import SignalRInstance
from tests.portal.conftest import SignIn
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


KEY = "sesame-0123456789"


@pytest.fixture
def keyed(instance: SignalRInstance) -> UpstreamTemplate:
    """A template with a key in plain text in its URL."""
    row = template(instance, "chat", 0)
    row.url_template = f"https://app.example.com/?code={KEY}"
    row.save()
    return row


@pytest.mark.parametrize("name", ["signalrinstance", "upstreamtemplate"])
def test_viewer_sees_no_keys_in_forms(sign_in: SignIn, keyed: UpstreamTemplate, name: str) -> None:
    app, row = {
        "signalrinstance": ("identities", keyed.instance),
        "upstreamtemplate": ("upstreams", keyed),
    }[name]
    url = reverse(f"admin:{app}_{name}_change", args=[row.pk])
    page = sign_in(Role.VIEWER).get(url).content.decode()
    assert "app.example.com" in page
    assert KEY not in page


def test_operator_edits_the_url_in_the_form_of_an_instance(
    sign_in: SignIn, keyed: UpstreamTemplate
) -> None:
    url = reverse("admin:identities_signalrinstance_change", args=[keyed.instance.pk])
    assert KEY in sign_in(Role.OPERATOR).get(url).content.decode()


def test_templates_are_not_searched_by_url(sign_in: SignIn, keyed: UpstreamTemplate) -> None:
    url = reverse("admin:upstreams_upstreamtemplate_changelist")
    page = sign_in(Role.VIEWER).get(url, {"q": KEY[:6]})
    assert list(page.context["cl"].result_list) == []


@pytest.mark.parametrize(
    ("name", "lookup"),
    [
        ("upstreams_upstreamtemplate", "url_template__contains"),
        ("upstreams_upstreamtemplate", "instance__upstream_templates__url_template__contains"),
        ("identities_signalrinstance", "observed__templates__0__url_template__contains"),
        ("identities_signalrinstance", "upstream_templates__url_template__contains"),
        ("sync_desiredrevision", "state__templates__0__url_template__contains"),
        ("sync_operation", "plan__icontains"),
    ],
)
def test_lists_are_not_filtered_by_columns_without_a_filter(
    sign_in: SignIn, keyed: UpstreamTemplate, name: str, lookup: str
) -> None:
    url = reverse(f"admin:{name}_changelist")
    assert sign_in(Role.VIEWER).get(url, {lookup: KEY}).status_code == 400


def test_invalid_filter_is_reported(sign_in: SignIn) -> None:
    url = reverse("admin:sync_operation_changelist")
    page = sign_in(Role.VIEWER).get(url, {"state__in__in": "last"}, follow=True).content.decode()
    assert "An invalid filter or page number was ignored." in page


@pytest.mark.parametrize(
    ("period", "shown"), [("hour", 1), ("day", 2), ("", 3), ("nonsense", 3), ("week", 2)]
)
def test_counts_are_filtered_by_period(
    operator: Client, instance: SignalRInstance, period: str, shown: int
) -> None:
    for hours in (0, 5, 24 * 8):
        minute = timezone.now() - timedelta(hours=hours)
        DeliveryCount.objects.create(instance=instance, minute=minute, count=1, outcome="accepted")
    url = reverse("admin:upstreams_deliverycount_changelist")
    response = operator.get(url, {"period": period}, follow=True)
    assert response.context["cl"].result_count == shown
    is_ignored = "An invalid filter or page number was ignored." in response.content.decode()
    assert is_ignored == (period == "nonsense")


def test_lists_compute_nothing_for_every_row(operator: Client, instance: SignalRInstance) -> None:
    for name in ("upstreams_delivery", "upstreams_deliverycount", "sync_operation"):
        with CaptureQueriesContext(connection) as queries:
            operator.get(reverse(f"admin:{name}_changelist"))
        assert not any("DISTINCT" in each["sql"] and "trunc" in each["sql"] for each in queries)
