"""Removal from Signalman and deletion in Azure."""

from __future__ import annotations

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.desired.deletion_protection import protect
from sync.models import AuditEvent, Operation
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.sync.worker import drive, imported, managed, signed_lab

CHAT = f"/admin/instances/{seed.CHAT}/delete/"


def test_removal_does_not_touch_azure(local_azure: LocalAzure, sign_in: SignIn) -> None:
    imported(seed.CHAT)
    local_azure.delete("/_local/requests")
    fields = {"scope": "signalman", "confirm": seed.CHAT}
    answer = sign_in(Role.OPERATOR).post(CHAT, fields, follow=True)
    assert "still exists in Azure" in answer.content.decode()
    assert not SignalRInstance.objects.exists()
    assert local_azure.requests() == []
    event = AuditEvent.objects.first()
    assert event is not None
    assert (event.who, event.action) == ("a-operator", "remove")


def test_removal_requires_the_name(local_azure: LocalAzure, sign_in: SignIn) -> None:
    imported(seed.CHAT)
    client = sign_in(Role.OPERATOR)
    answer = client.post(CHAT, {"scope": "signalman", "confirm": "chat"})
    assert answer.status_code == 409
    assert "Not removed." in answer.content.decode()
    assert client.post(CHAT, {"scope": "", "confirm": ""}).status_code == 409
    assert SignalRInstance.objects.exists()


def test_protected_instance_is_not_deleted(local_azure: LocalAzure, sign_in: SignIn) -> None:
    managed(seed.CHAT)
    client = sign_in(Role.OPERATOR)
    assert "Deletion protection is on." in client.get(CHAT).content.decode()
    fields = {"scope": "azure", "confirm": seed.CHAT}
    assert client.post(CHAT, fields).status_code == 409
    lifted = client.post(f"/admin/instances/{seed.CHAT}/protection/", {"protected": "off"})
    assert lifted["Location"] == CHAT
    assert "Delete in Azure</button>" in client.get(CHAT).content.decode()
    begun = client.post(CHAT, fields)
    operation = Operation.objects.get()
    assert begun["Location"] == f"/admin/operations/{operation.pk}/"
    assert drive(operation).state == "succeeded"
    assert "was not found in Azure" in client.get(CHAT).content.decode()


def test_deletion_requires_the_name(local_azure: LocalAzure, sign_in: SignIn) -> None:
    chat = managed(seed.CHAT)
    protect(chat, who="ada", is_protected=False)
    answer = sign_in(Role.OPERATOR).post(CHAT, {"scope": "azure", "confirm": "Contoso-Chat"})
    assert answer.status_code == 409
    assert not Operation.objects.exists()


def test_refuses_removal_during_an_operation(local_azure: LocalAzure, sign_in: SignIn) -> None:
    operation = signed_lab()
    address = f"/admin/instances/{seed.LAB}/delete/"
    fields = {"scope": "signalman", "confirm": seed.LAB}
    answer = sign_in(Role.OPERATOR).post(address, fields)
    assert answer.status_code == 409
    assert f"/admin/operations/{operation.pk}/" in answer.content.decode()


def test_deletion_requires_policy_manage(local_azure: LocalAzure, sign_in: SignIn) -> None:
    chat = imported(seed.CHAT)
    protect(chat, who="ada", is_protected=False)
    client = sign_in(Role.OPERATOR)
    assert "is Observe" in client.get(CHAT).content.decode()
    answer = client.post(f"/admin/instances/{chat}/policy/", {"policy": "manage", "back": "delete"})
    assert answer["Location"] == CHAT


def test_viewer_cannot_delete_or_unprotect(local_azure: LocalAzure, sign_in: SignIn) -> None:
    imported(seed.CHAT)
    client = sign_in(Role.VIEWER)
    assert "to confirm" not in client.get(CHAT).content.decode()
    assert client.post(CHAT, {"scope": "signalman", "confirm": seed.CHAT}).status_code == 403
    protection = f"/admin/instances/{seed.CHAT}/protection/"
    assert client.post(protection, {"protected": "off"}).status_code == 403
    assert SignalRInstance.objects.get().is_protected
