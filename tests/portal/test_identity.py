"""The tab on which the one identity of an instance is chosen."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from arm.state import IdentityState
from identities.models import SignalRInstance, UserAssignedIdentity
from localazure import seed
from sync.models import AuditEvent, DesiredRevision
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.fleet import SIGNED, borrowable, observed
from tests.sync.driving import imported

PAGE = "/admin/instances/contoso-a/identity/"
FRAGMENT = {"HX-Request": "true", "HX-Target": "impact"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    return sign_in(Role.OPERATOR)


def look(client: Client, query: str = "", **headers: str) -> Any:
    answer = client.get(f"{PAGE}{query}", headers=headers)
    assert answer.status_code == 200
    return answer


def choose(client: Client, kind: str, chosen: object = "", *, page: str = PAGE, **also: str) -> Any:
    """Save a choice as the page that is open now would."""
    version = client.get(page).context["version"]
    form = {"do": "save", "type": kind, "chosen": str(chosen), "version": version, **also}
    return client.post(page, form, follow=True)


def wanted() -> tuple[str, UserAssignedIdentity | None]:
    row = SignalRInstance.objects.with_desired().get(name="contoso-a")
    return row.identity.type, row.identity.user_assigned


def test_the_principal_of_a_system_assigned_identity_can_be_copied(operator: Client) -> None:
    instance = observed()
    page = look(operator).content.decode()
    assert f'data-copy="{instance.identity.principal_id}"' in page


def test_a_choice_is_shown_before_it_is_saved_and_changes_nothing(operator: Client) -> None:
    observed(None, SIGNED)
    row = borrowable()
    page = look(operator, f"?kind=user&type=UserAssigned&chosen={row.pk}").content.decode()
    assert "Switch to the user-assigned identity id-one" in page
    assert str(row.principal_id) in page
    assert "All signed templates stay signed during the change." in page
    assert wanted() == ("SystemAssigned", None)


def test_a_template_that_gets_its_identity_later_is_said_to_be_unsigned_until_then(
    operator: Client,
) -> None:
    instance = observed(IdentityState("None"), SIGNED)
    assert "is not signed until step 1" in look(operator, "?type=SystemAssigned").content.decode()
    assert instance.identity.principal_id is None


def test_what_could_not_be_applied_says_why(operator: Client) -> None:
    observed(None, SIGNED)
    page = look(operator, "?type=None", **FRAGMENT).content.decode()
    assert "the instance is to have no identity" in page
    assert "<html" not in page


def test_saving_wants_another_identity_on_record(operator: Client) -> None:
    observed()
    row = borrowable()
    page = choose(operator, "UserAssigned", row.pk, comment="shared by the hubs")
    assert "The desired state differs from Azure" in page.content.decode()
    assert wanted() == ("UserAssigned", row)
    last = DesiredRevision.objects.latest("number")
    assert (last.who, last.action, last.comment) == (
        "a-operator",
        "set identity",
        "shared by the hubs",
    )


def test_of_two_who_saw_the_same_the_second_loses_nothing_and_is_told(operator: Client) -> None:
    observed()
    row = borrowable()
    page = choose(operator, "UserAssigned", row.pk, version="as it was")
    assert "someone else changed the identity" in page.content.decode()
    assert page.context["impact"].user_assigned == row
    assert wanted() == ("SystemAssigned", None)


@pytest.mark.parametrize(("kind", "chosen"), [("UserAssigned", ""), ("SystemAssigned", "a row")])
def test_both_or_half_of_an_identity_is_no_choice(operator: Client, kind: str, chosen: str) -> None:
    observed()
    row = borrowable()
    answer = operator.post(PAGE, {"do": "save", "type": kind, "chosen": chosen and str(row.pk)})
    assert answer.status_code == 400
    assert wanted() == ("SystemAssigned", None)


@pytest.mark.parametrize("do", ["save", "refresh", "create", "nonsense"])
def test_a_viewer_changes_nothing(sign_in: SignIn, do: str) -> None:
    observed()
    viewer = sign_in(Role.VIEWER)
    assert viewer.post(PAGE, {"do": do, "type": "None"}).status_code == 403
    assert 'name="do"' not in look(viewer).content.decode()


def test_an_unknown_button_is_none(operator: Client) -> None:
    observed()
    assert operator.post(PAGE, {"do": "nonsense"}).status_code == 400


@pytest.mark.parametrize("by", ["arm_id", "principal_id", "client_id", "name"])
def test_identities_are_found_by_whatever_is_known_of_them(operator: Client, by: str) -> None:
    observed()
    one, other = borrowable("id-one"), borrowable("id-two")
    answer = look(
        operator, f"?kind=user&q={getattr(one, by)}", **(FRAGMENT | {"HX-Target": "found"})
    )
    page = answer.content.decode()
    assert (one.name in page, other.name in page) == (True, False)


def test_the_number_of_queries_does_not_grow_with_the_identities(
    operator: Client, django_assert_max_num_queries: Any
) -> None:
    observed()
    for number in range(30):
        borrowable(f"id-{number:02}")
    with django_assert_max_num_queries(20):
        assert "10 more. Search" in look(operator, "?kind=user").content.decode()


def test_identities_are_read_from_azure_anew(operator: Client, local_azure: LocalAzure) -> None:
    imported(seed.CHAT)
    UserAssignedIdentity.objects.all().delete()
    page = f"/admin/instances/{seed.CHAT}/identity/"
    answer = operator.post(page, {"do": "refresh"}, follow=True)
    assert seed.SHARED_CLIENT_ID in answer.content.decode()


def test_an_identity_is_made_in_azure_and_proposed(
    operator: Client, local_azure: LocalAzure
) -> None:
    instance = imported(seed.CHAT)
    form = {"name": "id-new", "resource_group": seed.REALTIME_GROUP, "location": seed.LOCATION}
    page = f"/admin/instances/{seed.CHAT}/identity/"
    answer = operator.post(page, {"do": "create", **form}, follow=True)
    made = UserAssignedIdentity.objects.get(name="id-new")
    assert answer.context["impact"].user_assigned == made
    event = AuditEvent.objects.get(action="write user-assigned identity")
    assert (event.object, event.who) == (made.arm_id, "a-operator")
    instance.refresh_from_db()
    assert instance.identity.user_assigned is None


def test_what_azure_refuses_to_make_is_said_and_what_was_typed_stays(
    operator: Client, local_azure: LocalAzure
) -> None:
    imported(seed.CHAT)
    form = {"name": "id-new", "resource_group": "rg-nowhere", "location": seed.LOCATION}
    page = f"/admin/instances/{seed.CHAT}/identity/"
    answer = operator.post(page, {"do": "create", **form})
    assert answer.context["new_form"].errors
    assert 'value="rg-nowhere"' in answer.content.decode()
