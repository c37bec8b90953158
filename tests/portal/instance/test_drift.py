"""The Drift tab."""

from __future__ import annotations

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.desired.history import Author, record_desired
from sync.inventory.drift import drift_of
from sync.models import DesiredRevision
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.plans import changed_lab
from tests.sync.worker import SIGNED, imported, set_desired

LAB = f"/admin/instances/{seed.LAB}/drift/"


def stored(name: str) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=name)


def test_shows_desired_and_observed_values(local_azure: LocalAzure, sign_in: SignIn) -> None:
    changed_lab()
    page = sign_in(Role.VIEWER).get(LAB).content.decode()
    assert "2 differences" in page
    assert "upstream.templates[0]" in page
    assert "api://receiver" in page
    assert '<span class="quiet">not set</span>' in page


def test_redacts_keys_in_urls_on_every_page(local_azure: LocalAzure, sign_in: SignIn) -> None:
    set_desired(
        imported(seed.LAB), "None", {"urlTemplate": "https://app.example/api?code=S3cretKey"}
    )
    client = sign_in(Role.VIEWER)
    record_desired([stored(seed.LAB).pk], Author("ada", "set upstream"))
    tabs = [f"/admin/instances/{seed.LAB}/{tab}/" for tab in ("plan", "drift", "history")]
    for address in (*tabs, "/admin/upstreams/upstreamtemplate/"):
        page = client.get(address).content.decode()
        assert "app.example" in page
        assert "S3cretKey" not in page


def test_names_who_changed_the_desired_state(local_azure: LocalAzure, sign_in: SignIn) -> None:
    imported(seed.LAB)
    client = sign_in(Role.OPERATOR)
    address = f"/api/v1/instances/{seed.LAB}/identity/"
    client.put(
        address,
        {"type": "SystemAssigned"},
        content_type="application/json",
        headers={"If-Match": "*"},
    )
    page = client.get(LAB).content.decode()
    assert "changed in Signalman by a-operator (set identity)" in page


def test_shows_when_azure_was_changed(local_azure: LocalAzure, sign_in: SignIn) -> None:
    lab = imported(seed.LAB)
    change_in_azure(local_azure)
    drift_of([lab])
    page = sign_in(Role.VIEWER).get(LAB).content.decode()
    assert "Changed in Azure" in page
    assert "or earlier" in page


def change_in_azure(cloud: LocalAzure) -> None:
    """Give the instance an identity in Azure, outside of Signalman."""
    instance = {"name": seed.LAB, "resourceGroup": seed.PAYMENTS_GROUP}
    cloud.seed(instances=[{**instance, "identity": {"type": "SystemAssigned"}}])


def test_plan_selected_opens_plan_with_paths(local_azure: LocalAzure, sign_in: SignIn) -> None:
    changed_lab()
    fields = {"path": ["identity"], "do": "plan"}
    answer = sign_in(Role.OPERATOR).post(LAB, fields)
    assert answer["Location"] == f"/admin/instances/{seed.LAB}/plan/?path=identity"


def test_accept_changes_desired_state_with_change_note(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    changed_lab()
    fields = {"path": ["upstream.templates[0]"], "do": "accept", "comment": "a trial"}
    answer = sign_in(Role.OPERATOR).post(LAB, fields, follow=True)
    assert "Accepted 1 change from Azure." in answer.content.decode()
    lab = stored(seed.LAB)
    assert not lab.upstream_templates.exists()
    assert lab.identity.type == "SystemAssigned"
    last = DesiredRevision.objects.filter(instance=lab).first()
    assert last is not None
    assert (last.who, last.action, last.comment) == ("a-operator", "accept", "a trial")


def test_refused_acceptance_keeps_the_form(local_azure: LocalAzure, sign_in: SignIn) -> None:
    changed_lab()
    fields = {"path": ["identity"], "do": "accept", "comment": "no identity"}
    answer = sign_in(Role.OPERATOR).post(LAB, fields)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "uses managed identity" in page
    assert 'value="no identity"' in page
    assert 'id="change-1" checked' in page


def test_requires_a_selection(local_azure: LocalAzure, sign_in: SignIn) -> None:
    changed_lab()
    answer = sign_in(Role.OPERATOR).post(LAB, {"do": "accept"})
    assert answer.status_code == 400
    assert "Select at least one" in answer.content.decode()


def test_viewer_cannot_resolve_drift(local_azure: LocalAzure, sign_in: SignIn) -> None:
    changed_lab()
    client = sign_in(Role.VIEWER)
    assert "Plan selected" not in client.get(LAB).content.decode()
    assert client.post(LAB, {"path": ["identity"], "do": "accept"}).status_code == 403
    assert stored(seed.LAB).identity.type == "SystemAssigned"


def test_shows_no_drift(local_azure: LocalAzure, sign_in: SignIn) -> None:
    imported(seed.CHAT)
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{seed.CHAT}/drift/").content.decode()
    assert "No drift" in page


def test_unread_instance_has_no_differences(sign_in: SignIn, instance: SignalRInstance) -> None:
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/drift/").content.decode()
    assert "Not yet read from Azure" in page


def test_shows_change_that_azure_would_refuse(local_azure: LocalAzure, sign_in: SignIn) -> None:
    set_desired(imported(seed.LAB), "None", SIGNED)
    assert "1 difference " in sign_in(Role.VIEWER).get(LAB).content.decode()
