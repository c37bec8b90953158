"""The Function Apps tab."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from localazure import seed
from sync.models import AuditEvent
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.instances import SIGNED, observed
from tests.sync.functions import (
    HOST,
    RECEIVERS,
    V1_ISSUER,
    change_app_in_azure,
    chat_to_functions,
    function_app,
    to_function,
)
from tests.sync.inventory.key_vault.test_grants import stored

PAGE = f"/admin/instances/{seed.CHAT}/function-apps/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    return sign_in(Role.OPERATOR)


def press(client: Client, do: str) -> str:
    answer = client.post(PAGE, {"do": do, "app": function_app().pk}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def mismatched(client: Client) -> list[str]:
    """Return the settings with a mismatch on the page."""
    (app,) = client.get(PAGE).context["apps"]
    return [line.label for line in app.lines if line.mismatches]


def test_shows_expected_and_current_issuer(operator: Client, local_azure: LocalAzure) -> None:
    chat_to_functions()
    page = operator.get(PAGE).content.decode()
    assert '<span class="pill pill-bad">No</span>' in page
    assert '<span class="pill pill-good">Yes</span>' in page
    assert V1_ISSUER in page
    assert f"{seed.TENANT_ID}/v2.0" in page
    assert mismatched(operator) == ["Issuer"]


def test_shows_each_mismatch_in_its_row(operator: Client, local_azure: LocalAzure) -> None:
    local_azure.seed(applications=[RECEIVERS])
    chat_to_functions(to_function("api://chat"))
    change_app_in_azure(is_enabled=False)
    press(operator, "refresh")
    assert mismatched(operator) == ["Authentication", "Issuer", "Allowed audiences"]


def test_managing_an_app_adds_it_to_the_plan(operator: Client, local_azure: LocalAzure) -> None:
    instance = chat_to_functions()
    before = plan_instance(stored(instance)).steps
    assert "function_apps" not in [step.kind for step in before]
    assert "View plan" in press(operator, "manage")
    after = plan_instance(stored(instance)).steps
    assert "function_apps" in [step.kind for step in after]
    event = AuditEvent.objects.get(action="set policy", object=function_app().arm_id)
    assert (event.who, event.after) == ("a-operator", "manage")


def test_app_can_be_unmanaged(operator: Client, local_azure: LocalAzure) -> None:
    chat_to_functions()
    press(operator, "manage")
    assert "Fix with a plan" in press(operator, "observe")
    assert function_app().policy == "observe"


def test_refreshes_an_app(operator: Client, local_azure: LocalAzure) -> None:
    chat_to_functions()
    change_app_in_azure(issuer=V1_ISSUER)
    press(operator, "refresh")
    assert mismatched(operator) == []


def test_shows_error_when_settings_cannot_be_read(
    operator: Client, local_azure: LocalAzure
) -> None:
    chat_to_functions()
    fault = {"method": "POST", "path": ".*/authsettings/list.*", "status": 403, "times": 5}
    local_azure.post("/_local/faults", [fault])
    assert "was not refreshed." in press(operator, "refresh")


def test_explains_unsigned_template(operator: Client, local_azure: LocalAzure) -> None:
    chat_to_functions(to_function() | {"auth": None})
    assert "so its requests carry no token" in operator.get(PAGE).content.decode()


def test_shows_unknown_function_app_host(operator: Client) -> None:
    instance = observed(None, to_function())
    page = operator.get(f"/admin/instances/{instance}/function-apps/").content.decode()
    assert f"<code>{HOST}</code>" in page


def test_imports_function_apps(operator: Client, local_azure: LocalAzure) -> None:
    instance = chat_to_functions()
    function_app().delete()
    operator.post(PAGE, {"do": "import"})
    assert function_app().auth is not None
    assert instance.name == seed.CHAT


def test_refuses_app_of_another_instance(operator: Client, local_azure: LocalAzure) -> None:
    chat_to_functions()
    other = observed(None, SIGNED, name="contoso-b")
    form = {"do": "manage", "app": function_app().pk}
    assert operator.post(f"/admin/instances/{other}/function-apps/", form).status_code == 400
    assert function_app().policy == "observe"


@pytest.mark.parametrize("do", ["refresh", "manage", "observe", "import"])
def test_viewer_cannot_change_anything(sign_in: SignIn, do: str, local_azure: LocalAzure) -> None:
    chat_to_functions()
    viewer = sign_in(Role.VIEWER)
    form: dict[str, Any] = {"do": do, "app": function_app().pk}
    assert viewer.post(PAGE, form).status_code == 403
    assert 'name="do"' not in viewer.get(PAGE).content.decode()
