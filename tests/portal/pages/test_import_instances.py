"""The import page."""

from __future__ import annotations

import uuid

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.models import AuditEvent
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.sync.worker import imported

PAGE = "/admin/import/"


def test_imports_all_subscriptions(local_azure: LocalAzure, sign_in: SignIn) -> None:
    page = sign_in(Role.OPERATOR).post(PAGE).content.decode()
    assert "4 new" in page
    assert f"/admin/instances/{seed.CHAT}/" in page
    assert AuditEvent.objects.filter(who="a-operator", action="desired state: import").count() == 4


def test_imports_one_instance(local_azure: LocalAzure, sign_in: SignIn) -> None:
    fields = {"subscription": seed.SUBSCRIPTION_ID, "name": seed.LAB}
    assert "1 new" in sign_in(Role.OPERATOR).post(PAGE, fields).content.decode()
    assert [row.name for row in SignalRInstance.objects.all()] == [seed.LAB]


def test_imports_one_resource_group(local_azure: LocalAzure, sign_in: SignIn) -> None:
    fields = {"subscription": seed.SUBSCRIPTION_ID, "resource_group": seed.PAYMENTS_GROUP}
    assert "2 new" in sign_in(Role.OPERATOR).post(PAGE, fields).content.decode()


def test_accepts_current_state_on_request(local_azure: LocalAzure, sign_in: SignIn) -> None:
    chat = imported(seed.CHAT)
    chat.upstream_templates.all().delete()
    client = sign_in(Role.OPERATOR)
    fields = {"subscription": seed.SUBSCRIPTION_ID, "name": seed.CHAT}
    assert "1 unchanged" in client.post(PAGE, fields).content.decode()
    assert not chat.upstream_templates.exists()
    assert "1 changed" in client.post(PAGE, {**fields, "accept": "on"}).content.decode()
    assert chat.upstream_templates.exists()


def test_reports_unknown_instance(local_azure: LocalAzure, sign_in: SignIn) -> None:
    fields = {"subscription": seed.SUBSCRIPTION_ID, "name": "contoso-unknown"}
    page = sign_in(Role.OPERATOR).post(PAGE, fields).content.decode()
    assert "No instance named" in page


def test_reports_unknown_subscription(local_azure: LocalAzure, sign_in: SignIn) -> None:
    unknown = str(uuid.uuid4())
    page = sign_in(Role.OPERATOR).post(PAGE, {"subscription": unknown}).content.decode()
    assert f"Subscription {unknown}: " in page


def test_invalid_input_is_kept_and_explained(sign_in: SignIn) -> None:
    answer = sign_in(Role.OPERATOR).post(PAGE, {"subscription": "mine", "name": "a b"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Enter a subscription ID" in page
    assert 'value="a b"' in page


def test_resource_group_requires_subscription(sign_in: SignIn) -> None:
    answer = sign_in(Role.OPERATOR).post(PAGE, {"resource_group": "rg"})
    assert "Enter the subscription" in answer.content.decode()


def test_viewer_cannot_import(local_azure: LocalAzure, sign_in: SignIn) -> None:
    client = sign_in(Role.VIEWER)
    assert "You need the Operator role" in client.get(PAGE).content.decode()
    assert client.post(PAGE).status_code == 403
    assert not SignalRInstance.objects.exists()
