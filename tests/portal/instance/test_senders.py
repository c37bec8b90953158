"""The senders on the Identity tab."""

from __future__ import annotations

import pytest

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from tests.portal.conftest import SignIn
from tests.portal.instances import observed

TAB = "/admin/instances/contoso-a/identity/"
SAVE = "/admin/instances/contoso-a/senders/"
ADD = {"back": "identity", "do": "add", "principal_type": "User"}

pytestmark = pytest.mark.django_db


def test_adds_and_removes_a_sender(sign_in: SignIn) -> None:
    observed()
    operator = sign_in(Role.OPERATOR)
    page = operator.post(SAVE, ADD | {"principal_id": seed.READER_OBJECT_ID}, follow=True)
    assert page.redirect_chain == [(TAB, 302)]
    assert "Saved the senders. Apply the plan" in page.content.decode()
    assert "No role found" in page.content.decode()
    assert SignalRInstance.objects.get().desired_senders == [[seed.READER_OBJECT_ID, "User"]]
    plan = operator.get("/admin/instances/contoso-a/plan/").content.decode()
    assert f"Assign the role SignalR REST API Owner to {seed.READER_OBJECT_ID}" in plan
    operator.post(SAVE, {"back": "identity", "remove": seed.READER_OBJECT_ID})
    assert SignalRInstance.objects.get().desired_senders is None


@pytest.mark.usefixtures("local_azure")
def test_adds_the_principal_of_this_project(sign_in: SignIn) -> None:
    observed()
    sign_in(Role.OPERATOR).post(SAVE, {"back": "identity", "do": "add-own"})
    stored = SignalRInstance.objects.get()
    assert stored.desired_senders == [[seed.CLIENT_OBJECT_ID, "ServicePrincipal"]]


def test_says_what_is_wrong_with_a_principal(sign_in: SignIn) -> None:
    observed()
    page = sign_in(Role.OPERATOR).post(SAVE, ADD | {"principal_id": "me"}, follow=True)
    assert "is not an object ID" in page.content.decode()


def test_viewer_sees_the_senders_and_cannot_change_them(sign_in: SignIn) -> None:
    observed()
    sender = [seed.READER_OBJECT_ID, "User"]
    SignalRInstance.objects.update(desired_senders=[sender], observed_senders=[sender])
    viewer = sign_in(Role.VIEWER)
    page = viewer.get(TAB).content.decode()
    assert "Has the role" in page
    assert SAVE not in page
    assert viewer.post(SAVE, ADD).status_code == 403
