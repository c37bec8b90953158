"""The History tab and rollback."""

from __future__ import annotations

from accounts.roles import Role
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from localazure import seed
from sync.desired.history import Author, changing_desired
from sync.models import DesiredRevision, Operation
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.sync.worker import drive, imported, signed_lab

HISTORY = f"/admin/instances/{seed.CHAT}/history/"


def edited_chat() -> SignalRInstance:
    """Return an instance with two revisions: the import, and one without templates and identity."""
    chat = imported(seed.CHAT)
    with changing_desired(chat, Author("ada", "edit", "a quiet week")):
        chat.upstream_templates.all().delete()
        chat.identity.become(ManagedIdentity.Type.NONE)
    return chat


def test_shows_revisions_with_changes(local_azure: LocalAzure, sign_in: SignIn) -> None:
    edited_chat()
    page = sign_in(Role.VIEWER).get(HISTORY).content.decode()
    assert "Revision 2: edit" in page
    assert "a quiet week" in page
    assert "ada" in page
    assert "diff-delete" in page
    assert "Roll back" not in page


def test_shows_changes_before_rollback(local_azure: LocalAzure, sign_in: SignIn) -> None:
    edited_chat()
    client = sign_in(Role.OPERATOR)
    assert "to revision 1" in client.get(HISTORY).content.decode()
    page = client.get(f"{HISTORY}1/").content.decode()
    assert "diff-create" in page
    assert DesiredRevision.objects.count() == 2


def test_rollback_creates_revision_and_opens_plan(local_azure: LocalAzure, sign_in: SignIn) -> None:
    chat = edited_chat()
    answer = sign_in(Role.OPERATOR).post(f"{HISTORY}1/", {"comment": "too quiet"})
    assert answer["Location"] == f"/admin/instances/{chat}/plan/"
    last = DesiredRevision.objects.get(number=3)
    assert (last.who, last.action, last.comment) == ("a-operator", "rollback to 1", "too quiet")
    chat.identity.refresh_from_db()
    assert chat.identity.type == "SystemAssigned"
    assert not Operation.objects.exists()


def test_viewer_cannot_roll_back(local_azure: LocalAzure, sign_in: SignIn) -> None:
    edited_chat()
    client = sign_in(Role.VIEWER)
    assert "Roll back</button>" not in client.get(f"{HISTORY}1/").content.decode()
    assert client.post(f"{HISTORY}1/").status_code == 403
    assert DesiredRevision.objects.count() == 2


def test_unknown_revision_is_404(local_azure: LocalAzure, sign_in: SignIn) -> None:
    imported(seed.CHAT)
    assert sign_in(Role.OPERATOR).get(f"{HISTORY}9/").status_code == 404


def test_refused_rollback_keeps_the_change_note(local_azure: LocalAzure, sign_in: SignIn) -> None:
    orders = imported(seed.ORDERS)
    with changing_desired(orders, Author("ada", "edit")):
        orders.upstream_templates.all().delete()
        orders.identity.become(ManagedIdentity.Type.NONE)
    ManagedIdentity.objects.update(user_assigned=None)
    UserAssignedIdentity.objects.all().delete()
    address = f"/admin/instances/{orders}/history/1/"
    answer = sign_in(Role.OPERATOR).post(address, {"comment": "back again"})
    assert answer.status_code == 409
    assert "subscription first" in answer.content.decode()
    assert 'value="back again"' in answer.content.decode()


def test_events_link_to_existing_operations(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = drive(signed_lab())
    client, address = sign_in(Role.VIEWER), f"/admin/instances/{seed.LAB}/history/"
    page = client.get(address).content.decode()
    assert "write identity" in page
    assert f"/admin/operations/{operation.pk}/" in page
    operation.delete()
    page = client.get(address).content.decode()
    assert "write identity" in page
    assert "/admin/operations/" not in page.split('id="events"')[1]


def test_shows_empty_history(sign_in: SignIn, instance: SignalRInstance) -> None:
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/history/").content.decode()
    assert "No revisions yet" in page
