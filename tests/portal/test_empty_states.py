"""Pages and tabs without content say so, and so do searches that find nothing."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from arm.instance_state import IdentityState
from identities.models import SignalRInstance
from localazure import seed
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.instances import SIGNED, observed
from tests.sync.worker import imported
from upstreams.models import DeliveryCount

pytestmark = pytest.mark.django_db

NO_TEMPLATES = "No templates: Azure SignalR Service drops every event."


def shown(client: Client, page: str) -> str:
    response = client.get(f"/admin/{page}")
    assert response.status_code == 200
    return unescape(response.content.decode())


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("", "No deliveries in this period."),
        ("", "No operations are running."),
        ("access-tokens/", "You have no access tokens yet."),
        ("instances/contoso-chat/", "No operations yet."),
        ("instances/contoso-chat/identity/", "No senders."),
        ("instances/contoso-chat/identity/?kind=user", "No user-assigned identity is selected."),
        ("instances/contoso-chat/identity/?kind=user", "No user-assigned identities are known."),
        (
            "instances/contoso-chat/identity/?kind=user&q=nonsense",
            "No user-assigned identity matches “nonsense”.",
        ),
        ("instances/contoso-chat/upstream/", NO_TEMPLATES),
        ("instances/contoso-chat/upstream/", "Enter a hub and an event to see which template"),
        (
            "instances/contoso-chat/upstream/?try_hub=chat&try_category=messages&try_event=say",
            "No template matches.",
        ),
        ("instances/contoso-chat/key-vault/", "No template references a Key Vault secret."),
        (
            "instances/contoso-chat/function-apps/",
            "No upstream template sends to a known Function App.",
        ),
        ("instances/contoso-chat/plan/", "No plan"),
        ("instances/contoso-chat/drift/", "Not yet read from Azure"),
        ("instances/contoso-chat/operations/", "No operations yet"),
        ("instances/contoso-chat/history/", "No revisions yet."),
        ("instances/contoso-chat/history/", "No events yet."),
        ("instances/contoso-chat/traffic/", "No deliveries in this period."),
    ],
)
def test_page_without_content_says_so(
    sign_in: SignIn, instance: SignalRInstance, page: str, words: str
) -> None:
    assert words in shown(sign_in(Role.OPERATOR), page)


def test_viewer_reads_that_there_are_no_templates(
    sign_in: SignIn, instance: SignalRInstance
) -> None:
    assert NO_TEMPLATES in shown(sign_in(Role.VIEWER), "instances/contoso-chat/upstream/")


def test_instance_that_is_gone_is_not_called_unread(
    sign_in: SignIn, instance: SignalRInstance
) -> None:
    SignalRInstance.objects.update(missing_since=timezone.now())
    page = shown(sign_in(Role.VIEWER), "instances/contoso-chat/drift/")
    assert "Not found in Azure" in page
    assert "Not yet read from Azure" not in page


def test_period_with_deliveries_and_no_samples_is_not_empty(
    sign_in: SignIn, instance: SignalRInstance
) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    DeliveryCount.objects.create(instance=instance, minute=minute, count=1, outcome="accepted")
    page = shown(sign_in(Role.VIEWER), "instances/contoso-chat/traffic/")
    assert "No deliveries yet." in page
    assert "No deliveries in this period." not in page


def test_instance_in_sync_has_nothing_to_apply_or_accept(sign_in: SignIn) -> None:
    observed(IdentityState("SystemAssigned"), SIGNED)
    client = sign_in(Role.OPERATOR)
    assert "There is nothing to apply." in shown(client, "instances/contoso-a/plan/")
    assert "No drift" in shown(client, "instances/contoso-a/drift/")


def test_conflict_with_removal_of_all_templates_says_so(sign_in: SignIn) -> None:
    instance = observed(None, SIGNED)
    client = sign_in(Role.OPERATOR)
    page = "/admin/instances/contoso-a/upstream/"
    version = client.get(page).context["version"]
    instance.upstream_templates.all().delete()
    response = client.post(page, {"do": "save", "version": version})
    assert response.status_code == 409
    assert "All templates were removed." in response.content.decode()


def test_search_for_unknown_application_says_so(local_azure: LocalAzure, sign_in: SignIn) -> None:
    imported(seed.CHAT)
    page = f"instances/{seed.CHAT}/upstream/resources/"
    client = sign_in(Role.OPERATOR)
    assert "No application matches “nonsense”." in shown(client, f"{page}?q=nonsense")
    nothing = {"path": "applications", "status": 200, "body": {"value": []}, "times": None}
    local_azure.post("/_local/faults", [nothing])
    assert "The tenant has no applications." in shown(client, page)
