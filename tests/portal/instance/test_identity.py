"""The Identity tab."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from arm.instance_state import IdentityState
from identities.models import SignalRInstance, UserAssignedIdentity
from localazure import seed
from sync.models import AuditEvent, DesiredRevision
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.instances import SIGNED, assignable_identity, observed
from tests.sync.worker import imported

PAGE = "/admin/instances/contoso-a/identity/"
FRAGMENT = {"HX-Request": "true", "HX-Target": "impact"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    return sign_in(Role.OPERATOR)


def get(client: Client, query: str = "", **headers: str) -> Any:
    answer = client.get(f"{PAGE}{query}", headers=headers)
    assert answer.status_code == 200
    return answer


def save(client: Client, kind: str, chosen: object = "", *, page: str = PAGE, **also: str) -> Any:
    """Save a choice as the current page would."""
    version = client.get(page).context["version"]
    form = {"do": "save", "type": kind, "chosen": str(chosen), "version": version, **also}
    return client.post(page, form, follow=True)


def desired() -> tuple[str, UserAssignedIdentity | None]:
    row = SignalRInstance.objects.with_desired().get(name="contoso-a")
    return row.identity.type, row.identity.user_assigned


def test_principal_id_can_be_copied(operator: Client) -> None:
    instance = observed()
    page = get(operator).content.decode()
    assert f'data-copy="{instance.identity.principal_id}"' in page


def test_shows_effect_before_saving(operator: Client) -> None:
    observed(None, SIGNED)
    row = assignable_identity()
    page = get(operator, f"?kind=user&type=UserAssigned&chosen={row.pk}").content.decode()
    assert "Switch to the user-assigned identity id-one" in page
    assert str(row.principal_id) in page
    assert "All signed templates stay signed during the change." in page
    assert desired() == ("SystemAssigned", None)


def test_warns_of_temporarily_unsigned_template(
    operator: Client,
) -> None:
    instance = observed(IdentityState("None"), SIGNED)
    assert "is not signed until step 1" in get(operator, "?type=SystemAssigned").content.decode()
    assert instance.identity.principal_id is None


def test_explains_why_a_choice_cannot_be_applied(operator: Client) -> None:
    observed(None, SIGNED)
    page = get(operator, "?type=None", **FRAGMENT).content.decode()
    assert "the desired state has no identity" in page
    assert "<html" not in page


def test_saves_identity_with_revision(operator: Client) -> None:
    observed()
    row = assignable_identity()
    page = save(operator, "UserAssigned", row.pk, comment="shared by the hubs")
    assert "The desired state differs from Azure" in page.content.decode()
    assert desired() == ("UserAssigned", row)
    last = DesiredRevision.objects.latest("number")
    assert (last.who, last.action, last.comment) == (
        "a-operator",
        "set identity",
        "shared by the hubs",
    )


def test_concurrent_edit_keeps_the_choice(operator: Client) -> None:
    observed()
    row = assignable_identity()
    page = save(operator, "UserAssigned", row.pk, version="as it was")
    assert "someone else changed the identity" in page.content.decode()
    assert page.context["impact"].user_assigned == row
    assert desired() == ("SystemAssigned", None)


@pytest.mark.parametrize(("kind", "chosen"), [("UserAssigned", ""), ("SystemAssigned", "a row")])
def test_refuses_inconsistent_choice(operator: Client, kind: str, chosen: str) -> None:
    observed()
    row = assignable_identity()
    answer = operator.post(PAGE, {"do": "save", "type": kind, "chosen": chosen and str(row.pk)})
    assert answer.status_code == 400
    assert desired() == ("SystemAssigned", None)


@pytest.mark.parametrize("do", ["save", "refresh", "create", "nonsense"])
def test_viewer_cannot_change_anything(sign_in: SignIn, do: str) -> None:
    observed()
    viewer = sign_in(Role.VIEWER)
    assert viewer.post(PAGE, {"do": do, "type": "None"}).status_code == 403
    assert 'name="do"' not in get(viewer).content.decode()


def test_refuses_unknown_action(operator: Client) -> None:
    observed()
    assert operator.post(PAGE, {"do": "nonsense"}).status_code == 400


@pytest.mark.parametrize("by", ["arm_id", "principal_id", "client_id", "name"])
def test_finds_identities_by_any_id(operator: Client, by: str) -> None:
    observed()
    one, other = assignable_identity("id-one"), assignable_identity("id-two")
    answer = get(
        operator, f"?kind=user&q={getattr(one, by)}", **(FRAGMENT | {"HX-Target": "found"})
    )
    page = answer.content.decode()
    assert (one.name in page, other.name in page) == (True, False)


def test_query_count_is_independent_of_identities(
    operator: Client, django_assert_max_num_queries: Any
) -> None:
    observed()
    for number in range(30):
        assignable_identity(f"id-{number:02}")
    with django_assert_max_num_queries(20):
        assert "10 more. Search" in get(operator, "?kind=user").content.decode()


def test_refreshes_identities_from_azure(operator: Client, local_azure: LocalAzure) -> None:
    imported(seed.CHAT)
    UserAssignedIdentity.objects.all().delete()
    page = f"/admin/instances/{seed.CHAT}/identity/"
    answer = operator.post(page, {"do": "refresh"}, follow=True)
    assert seed.SHARED_CLIENT_ID in answer.content.decode()


def test_creates_identity_in_azure(operator: Client, local_azure: LocalAzure) -> None:
    instance = imported(seed.CHAT)
    form = {"name": "id-new", "resource_group": seed.REALTIME_GROUP, "location": seed.LOCATION}
    page = f"/admin/instances/{seed.CHAT}/identity/"
    answer = operator.post(page, {"do": "create", **form}, follow=True)
    created = UserAssignedIdentity.objects.get(name="id-new")
    assert answer.context["impact"].user_assigned == created
    event = AuditEvent.objects.get(action="create user-assigned identity")
    assert (event.object, event.who) == (created.arm_id, "a-operator")
    instance.refresh_from_db()
    assert instance.identity.user_assigned is None


def test_refused_creation_keeps_the_form(operator: Client, local_azure: LocalAzure) -> None:
    imported(seed.CHAT)
    form = {"name": "id-new", "resource_group": "rg-unknown", "location": seed.LOCATION}
    page = f"/admin/instances/{seed.CHAT}/identity/"
    answer = operator.post(page, {"do": "create", **form})
    assert answer.context["new_form"].errors
    assert 'value="rg-unknown"' in answer.content.decode()
