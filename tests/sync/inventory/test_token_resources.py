"""Imports and refreshes read from Microsoft Graph what the resources of templates name."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db.models import F

from identities.models import SignalRInstance, Subscription
from localazure import seed
from sync.desired.history import Author, changing_desired
from sync.inventory import token_resources
from sync.inventory.import_subscription import import_subscription
from sync.inventory.refresh import refresh, refresh_subscription
from sync.inventory.token_resources import (
    list_tenant_applications,
    read_token_resources,
    search_applications,
)
from tests.cloud import LocalAzure
from upstreams.models import TokenResource, UpstreamTemplate
from upstreams.url_templates.arm_json import load_templates

pytestmark = pytest.mark.django_db

_Kind = TokenResource.Kind
SIGNED = {
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://modern"}},
}
DENIED = {"error": {"code": "Authorization_RequestDenied", "message": "Not enough."}}


def forbid_graph(local_azure: LocalAzure) -> None:
    fault = {"path": "/v1.0/", "status": 403, "body": DENIED, "times": 1000}
    local_azure.post("/_local/faults", [fault])


def graph_requests(local_azure: LocalAzure) -> int:
    return sum("/v1.0/" in each["path"] for each in local_azure.requests("GET"))


def chat() -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=seed.CHAT)


def row() -> TokenResource:
    return TokenResource.objects.get(resource=seed.UPSTREAM_APP_URI)


def test_import_reads_each_resource_once(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    found = row()
    assert (found.kind, found.client_id) == (_Kind.APPLICATION, UUID(seed.UPSTREAM_APP_ID))
    assert found.display_name == "Signalman upstream"
    assert (found.token_version, found.problem) == ("1.0", "")
    assert found.read_at == found.checked_at
    # Two instances name it. One request lists applications.
    assert TokenResource.objects.used().count() == 1
    assert graph_requests(local_azure) == 3


def test_import_remembers_applications_that_no_template_names(local_azure: LocalAzure) -> None:
    modern = {"displayName": "modern", "identifierUris": ["api://modern"]}
    local_azure.seed(applications=[modern | {"requestedAccessTokenVersion": 2}])
    import_subscription(seed.SUBSCRIPTION_ID)
    found = TokenResource.objects.get(resource="api://modern")
    assert (found.token_version, found.is_used, found.checked_at) == ("2.0", False, None)
    assert TokenResource.objects.filter(resource=str(found.client_id)).exists()
    # A template that names it can be planned at once.
    with changing_desired(chat(), Author("ada", "edit")):
        load_templates(chat(), [{"urlTemplate": "https://x.example", **SIGNED}])
    found.refresh_from_db()
    assert found.is_used
    refresh(chat())
    found.refresh_from_db()
    assert found.checked_at is not None


def test_search_finds_and_stores_nothing(local_azure: LocalAzure) -> None:
    changed = {"appId": seed.UPSTREAM_APP_ID, "displayName": "up", "identifierUris": ["api://a"]}
    local_azure.seed(applications=[changed])
    (found,) = search_applications(seed.UPSTREAM_APP_ID)
    assert found.identifier_uris == ("api://a",)
    assert not TokenResource.objects.exists()


def test_stores_the_applications_of_the_tenant(local_azure: LocalAzure) -> None:
    list_tenant_applications()
    stored = TokenResource.objects.values_list("resource", flat=True)
    assert {seed.UPSTREAM_APP_URI, seed.UPSTREAM_APP_ID} <= set(stored)


def test_refresh_notices_a_changed_registration(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    changed = {
        "appId": seed.UPSTREAM_APP_ID,
        "displayName": "Signalman upstream",
        "identifierUris": [seed.UPSTREAM_APP_URI],
        "requestedAccessTokenVersion": 2,
    }
    local_azure.seed(applications=[changed])
    refresh(chat())
    assert row().token_version == "2.0"
    local_azure.seed(applications=[changed | {"identifierUris": []}])
    refresh_subscription(Subscription.objects.get())
    assert (row().kind, row().token_version, row().client_id) == (_Kind.ABSENT, None, None)


def test_schedule_does_not_read_again_at_once(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    before = graph_requests(local_azure)
    refresh_subscription(Subscription.objects.get(), on_schedule=True)
    assert graph_requests(local_azure) == before
    TokenResource.objects.update(checked_at=F("checked_at") - timedelta(hours=1))
    refresh_subscription(Subscription.objects.get(), on_schedule=True)
    assert graph_requests(local_azure) > before


def test_missing_permission_fails_no_import(local_azure: LocalAzure) -> None:
    forbid_graph(local_azure)
    report = import_subscription(seed.SUBSCRIPTION_ID)
    assert seed.CHAT in report.created
    found = row()
    assert (found.kind, found.read_at, found.registration) == (_Kind.UNKNOWN, None, None)
    assert "Application.Read.All" in found.problem


def test_failed_read_keeps_what_was_read_before(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    read_at = row().read_at
    forbid_graph(local_azure)
    refresh(chat())
    found = row()
    assert (found.kind, found.read_at) == (_Kind.APPLICATION, read_at)
    assert found.problem
    assert found.checked_at != read_at
    local_azure.delete("/_local/faults")
    refresh(chat())
    assert row().problem == ""


def test_reading_stops_at_the_first_failure(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    for number in range(5):
        UpstreamTemplate.objects.create(
            instance=chat(),
            url_template="https://a.example/",
            auth_type="ManagedIdentity",
            resource=f"api://receiver-{number}",
        )
    forbid_graph(local_azure)
    local_azure.delete("/_local/requests")
    (problem,) = read_token_resources([chat()])
    assert graph_requests(local_azure) == 1
    assert {each.problem for each in TokenResource.objects.used()} == {problem}


def test_another_worker_may_store_the_same_resource_meanwhile(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    TokenResource.objects.all().delete()
    read_one = token_resources._read_one  # noqa: SLF001

    def read_twice(new: TokenResource, now: datetime) -> str:
        TokenResource.objects.create(tenant_id=new.tenant_id, resource=new.resource)
        return read_one(new, now)

    monkeypatch.setattr(token_resources, "_read_one", read_twice)
    assert read_token_resources([chat()]) == []
    found = row()
    assert (found.display_name, found.is_used) == ("Signalman upstream", True)
    assert found.checked_at is not None


@pytest.mark.parametrize("resource", ["https://management.azure.com/", "https://vault.azure.net"])
def test_services_of_azure_are_not_looked_up(local_azure: LocalAzure, resource: str) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    UpstreamTemplate.objects.update(resource=resource, auth_type="ManagedIdentity")
    SignalRInstance.objects.update(observed=None)
    local_azure.delete("/_local/requests")
    assert read_token_resources([chat()]) == []
    assert graph_requests(local_azure) == 0


def test_directory_of_another_tenant_says_nothing(local_azure: LocalAzure) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    TokenResource.objects.all().delete()
    elsewhere = UUID("dddddddd-0000-4000-8000-000000000009")
    Subscription.objects.update(tenant_id=elsewhere)
    (problem,) = read_token_resources([chat()])
    assert str(elsewhere) in problem
    assert row().kind == _Kind.UNKNOWN


def test_opaque_token_says_that_the_tenant_is_not_known(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_subscription(seed.SUBSCRIPTION_ID)
    monkeypatch.setattr(token_resources, "credential_tenant", lambda _settings: None)
    read_token_resources([chat()])
    assert row().problem == "The token of Signalman's credential does not name its tenant."
