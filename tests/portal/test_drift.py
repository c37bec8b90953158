"""What differs, since when, and what an operator decides about it."""

from __future__ import annotations

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.desired.history import Author, record_desired
from sync.inventory.drift import drift_of
from sync.models import DesiredRevision
from tests.cloud import LocalAzure
from tests.portal.cloud import changed_lab
from tests.portal.conftest import SignIn
from tests.sync.driving import SIGNED, imported, want

LAB = f"/admin/instances/{seed.LAB}/drift/"


def wanted(name: str) -> SignalRInstance:
    return SignalRInstance.objects.with_desired().get(name=name)


def test_each_difference_shows_both_sides(local_azure: LocalAzure, sign_in: SignIn) -> None:
    changed_lab()
    page = sign_in(Role.VIEWER).get(LAB).content.decode()
    assert "2 differences" in page
    assert "upstream.templates[0]" in page
    assert "api://receiver" in page
    assert '<span class="quiet">not set</span>' in page


def test_a_key_that_stands_in_clear_in_an_address_is_on_no_page(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    want(imported(seed.LAB), "None", {"urlTemplate": "https://app.example/api?code=S3cretKey"})
    client = sign_in(Role.VIEWER)
    record_desired([wanted(seed.LAB).pk], Author("ada", "set upstream"))
    tabs = [f"/admin/instances/{seed.LAB}/{tab}/" for tab in ("plan", "drift", "history")]
    for address in (*tabs, "/admin/upstreams/upstreamtemplate/"):
        page = client.get(address).content.decode()
        assert "app.example" in page
        assert "S3cretKey" not in page


def test_a_difference_that_a_revision_brought_names_who_wanted_it(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
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


def test_a_difference_that_azure_brought_says_when_azure_was_changed(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    lab = imported(seed.LAB)
    change_in_azure(local_azure)
    drift_of([lab])
    page = sign_in(Role.VIEWER).get(LAB).content.decode()
    assert "Changed in Azure" in page
    assert "or earlier" in page


def change_in_azure(cloud: LocalAzure) -> None:
    """Give the instance an identity, as somebody in Azure's own portal does."""
    instance = {"name": seed.LAB, "resourceGroup": seed.PAYMENTS_GROUP}
    cloud.seed(instances=[{**instance, "identity": {"type": "SystemAssigned"}}])


def test_ours_leads_to_the_plan_with_what_was_chosen(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    changed_lab()
    fields = {"path": ["identity"], "do": "plan"}
    answer = sign_in(Role.OPERATOR).post(LAB, fields)
    assert answer["Location"] == f"/admin/instances/{seed.LAB}/plan/?path=identity"


def test_theirs_is_wanted_from_then_on_with_the_comment(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    changed_lab()
    fields = {"path": ["upstream.templates[0]"], "do": "accept", "comment": "a trial"}
    answer = sign_in(Role.OPERATOR).post(LAB, fields, follow=True)
    assert "Accepted 1 change from Azure." in answer.content.decode()
    lab = wanted(seed.LAB)
    assert not lab.upstream_templates.exists()
    assert lab.identity.type == "SystemAssigned"
    last = DesiredRevision.objects.filter(instance=lab).first()
    assert last is not None
    assert (last.who, last.action, last.comment) == ("a-operator", "accept", "a trial")


def test_what_cannot_be_accepted_is_explained_and_keeps_what_was_typed(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    changed_lab()
    fields = {"path": ["identity"], "do": "accept", "comment": "no identity"}
    answer = sign_in(Role.OPERATOR).post(LAB, fields)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "asks for a token" in page
    assert 'value="no identity"' in page
    assert 'id="change-1" checked' in page


def test_nothing_chosen_is_said(local_azure: LocalAzure, sign_in: SignIn) -> None:
    changed_lab()
    answer = sign_in(Role.OPERATOR).post(LAB, {"do": "accept"})
    assert answer.status_code == 400
    assert "Select at least one" in answer.content.decode()


def test_a_viewer_sees_drift_and_decides_nothing(local_azure: LocalAzure, sign_in: SignIn) -> None:
    changed_lab()
    client = sign_in(Role.VIEWER)
    assert "Plan selected" not in client.get(LAB).content.decode()
    assert client.post(LAB, {"path": ["identity"], "do": "accept"}).status_code == 403
    assert wanted(seed.LAB).identity.type == "SystemAssigned"


def test_an_instance_without_drift_says_so(local_azure: LocalAzure, sign_in: SignIn) -> None:
    imported(seed.CHAT)
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{seed.CHAT}/drift/").content.decode()
    assert "No drift" in page


def test_an_instance_that_was_never_read_has_nothing_to_compare(
    sign_in: SignIn, instance: SignalRInstance
) -> None:
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/drift/").content.decode()
    assert "Not yet read from Azure" in page


def test_a_wanted_change_that_azure_would_refuse_can_still_be_looked_at(
    local_azure: LocalAzure, sign_in: SignIn
) -> None:
    want(imported(seed.LAB), "None", SIGNED)
    assert "1 difference " in sign_in(Role.VIEWER).get(LAB).content.decode()
