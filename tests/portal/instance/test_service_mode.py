"""The service mode on the Upstream tab."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from identities.models import SignalRInstance
from sync.models import DesiredRevision
from tests.portal.conftest import SignIn
from tests.portal.instances import SIGNED, observed

TAB = "/admin/instances/contoso-a/upstream/"
SAVE = "/admin/instances/contoso-a/service-mode/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    return sign_in(Role.OPERATOR)


def in_default_mode(desired: str = "") -> SignalRInstance:
    """Return an instance that has templates and is in Default mode."""
    instance = observed(None, SIGNED)
    SignalRInstance.objects.update(service_mode="Default", desired_service_mode=desired)
    return instance


def test_sets_the_desired_mode_with_a_note(operator: Client) -> None:
    in_default_mode()
    form = {"mode": "Serverless", "comment": "For upstream.", "back": "upstream"}
    page = operator.post(SAVE, form, follow=True)
    assert page.redirect_chain == [(TAB, 302)]
    assert "Saved the service mode: Serverless. Apply the plan" in page.content.decode()
    assert SignalRInstance.objects.get().desired_service_mode == "Serverless"
    revision = DesiredRevision.objects.latest("number")
    assert (revision.who, revision.action, revision.comment) == (
        "a-operator",
        "set service mode",
        "For upstream.",
    )


def test_shows_both_modes_and_the_change_in_the_plan(operator: Client) -> None:
    in_default_mode("Serverless")
    page = operator.get(TAB).content.decode()
    assert "<dt>In Azure</dt><dd>Default</dd>" in page
    assert "<option selected>Serverless</option>" in page
    plan = operator.get(reverse("portal:instance-plan", args=["contoso-a"])).content.decode()
    assert "Change the service mode to Serverless" in plan
    assert "rejects hub servers" in plan


def test_stops_managing_the_mode(operator: Client) -> None:
    in_default_mode("Serverless")
    page = operator.post(SAVE, {"mode": "", "back": "upstream"}, follow=True)
    assert "The service mode of contoso-a is not managed." in page.content.decode()
    assert SignalRInstance.objects.get().desired_service_mode == ""


def test_refuses_an_unknown_mode(operator: Client) -> None:
    in_default_mode("Serverless")
    page = operator.post(SAVE, {"mode": "Fast", "back": "upstream"}, follow=True)
    assert "Unknown mode &#x27;Fast&#x27;. Use one of Serverless, Default, Classic." in (
        page.content.decode()
    )
    assert SignalRInstance.objects.get().desired_service_mode == "Serverless"


def test_viewer_sees_the_mode_and_cannot_set_it(sign_in: SignIn) -> None:
    in_default_mode()
    viewer = sign_in(Role.VIEWER)
    page = viewer.get(TAB).content.decode()
    assert "<dt>Desired</dt><dd>Not managed</dd>" in page
    assert SAVE not in page
    assert viewer.post(SAVE, {"mode": "Serverless"}).status_code == 403


def test_warning_leads_to_the_setting_or_to_the_plan(operator: Client) -> None:
    in_default_mode()
    assert 'upstream/#service-mode">Set the service mode</a>' in operator.get(TAB).content.decode()
    in_plan = "/admin/instances/contoso-a/plan/"
    SignalRInstance.objects.update(desired_service_mode="Serverless")
    assert f'Apply the <a class="link" href="{in_plan}">plan</a>' in (
        operator.get(TAB).content.decode()
    )


def test_diagnosis_links_to_the_setting(operator: Client) -> None:
    in_default_mode()
    page = operator.get("/admin/instances/contoso-a/diagnosis/").content.decode()
    assert "manage.py set_service_mode contoso-a Serverless" in page
