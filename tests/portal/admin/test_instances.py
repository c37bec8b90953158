"""The admin form of an instance."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from identities.models import SignalRInstance, Subscription, UserAssignedIdentity

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription() -> Subscription:
    """A subscription to put instances in."""
    return Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())


@pytest.fixture
def instance(subscription: Subscription) -> SignalRInstance:
    """An instance without identity and templates."""
    return SignalRInstance.objects.create(
        name="chat-prod", subscription=subscription, resource_group="apps"
    )


def page_of(instance: SignalRInstance) -> str:
    """Return the URL of the form of an instance."""
    return reverse("admin:identities_signalrinstance_change", args=[instance.pk])


def filled_in(client: Client, page: str) -> dict[str, str]:
    """Return the form fields as a browser would submit them unchanged."""
    html = client.get(page).content.decode()
    form = html[html.index('id="signalrinstance_form"') :]
    fields = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        name = re.search(r'\bname="([^"]+)"', tag)
        value = re.search(r'\bvalue="([^"]*)"', tag)
        if name and "__prefix__" not in name[1] and 'type="checkbox"' not in tag:
            fields[name[1]] = value[1] if value else ""
    for name, options in re.findall(
        r'<select\b[^>]*?name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'<option value="([^"]*)"[^>]*selected', options)
        fields[name] = chosen[1] if chosen else ""
    return fields


def test_adds_an_instance(admin_client: Client, subscription: Subscription) -> None:
    page = reverse("admin:identities_signalrinstance_add")
    fields = filled_in(admin_client, page) | {
        "name": "chat-new",
        "subscription": str(subscription.pk),
        "resource_group": "apps",
    }
    answer = admin_client.post(page, fields)
    assert answer.status_code == 302, answer.content.decode()
    assert SignalRInstance.objects.get(name="chat-new").identity.type == "None"


def test_changes_the_identity(admin_client: Client, instance: SignalRInstance) -> None:
    fields = filled_in(admin_client, page_of(instance)) | {"identity-0-type": "SystemAssigned"}
    assert admin_client.post(page_of(instance), fields).status_code == 302
    instance.identity.refresh_from_db()
    assert instance.identity.type == "SystemAssigned"


def test_refuses_two_identities(admin_client: Client, instance: SignalRInstance) -> None:
    user_assigned = UserAssignedIdentity.objects.create(
        arm_id=f"/subscriptions/{uuid.uuid4()}/resourceGroups/apps"
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app-identity"
    )
    fields = filled_in(admin_client, page_of(instance)) | {
        "identity-0-type": "SystemAssigned",
        "identity-0-user_assigned": str(user_assigned.pk),
    }
    answer = admin_client.post(page_of(instance), fields)
    assert answer.status_code == 200
    assert "Choose a user-assigned identity" in answer.content.decode()
    instance.identity.refresh_from_db()
    assert instance.identity.type == "None"


def test_adds_a_template_at_its_position(admin_client: Client, instance: SignalRInstance) -> None:
    fields = filled_in(admin_client, page_of(instance)) | {
        "upstream_templates-TOTAL_FORMS": "2",
        **template(0, position="1", url="https://example.com/second"),
        **template(1, position="0", url="https://example.com/first"),
    }
    answer = admin_client.post(page_of(instance), fields)
    assert answer.status_code == 302, answer.content.decode()
    addresses = [row.url_template for row in instance.upstream_templates.all()]
    assert addresses == ["https://example.com/first", "https://example.com/second"]


def template(index: int, *, position: str, url: str) -> dict[str, str]:
    """Return the fields of a template."""
    values = {
        "hub_pattern": "*",
        "category_pattern": "*",
        "event_pattern": "*",
        "url_template": url,
        "auth_type": "None",
        "position": position,
        "instance": "",
        "id": "",
    }
    return {f"upstream_templates-{index}-{name}": value for name, value in values.items()}


def test_deletion_redirects_to_the_delete_page(
    admin_client: Client, instance: SignalRInstance
) -> None:
    page = reverse("admin:identities_signalrinstance_delete", args=[instance.pk])
    answer = admin_client.post(page, {"post": "yes"})
    assert answer["Location"] == f"/admin/instances/{instance}/delete/"
    assert SignalRInstance.objects.exists()


def test_subscription_is_read_only(admin_client: Client, subscription: Subscription) -> None:
    page = reverse("admin:identities_subscription_change", args=[subscription.pk])
    assert str(subscription.tenant_id) in admin_client.get(page).content.decode()
    assert admin_client.post(page, {"tenant_id": str(uuid.uuid4())}).status_code == 403


def test_arm_id_of_identity_is_read_only(admin_client: Client) -> None:
    arm_id = (
        f"/subscriptions/{uuid.uuid4()}/resourceGroups/apps"
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app-identity"
    )
    known = UserAssignedIdentity.objects.create(arm_id=arm_id)
    page = reverse("admin:identities_userassignedidentity_change", args=[known.pk])
    assert admin_client.post(page, {"arm_id": f"{arm_id}-2"}).status_code == 302
    known.refresh_from_db()
    assert known.arm_id == arm_id
