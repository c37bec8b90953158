"""The Key Vault tab."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.desired.request_requirements import ACTION
from sync.models import AuditEvent
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.instances import SIGNED, observed
from tests.sync.inventory.key_vault.test_grants import (
    POLICIES,
    ROLES,
    stored,
    template,
    with_references,
)
from tests.sync.worker import drive, imported, set_desired, start
from upstreams.models import RequestRequirements

PAGE = f"/admin/instances/{seed.LAB}/key-vault/"
SECRET = "a-secret-of-at-least-sixteen-letters"

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    return sign_in(Role.OPERATOR)


def press(client: Client, do: str, page: str = PAGE, **fields: Any) -> str:
    answer = client.post(page, {"do": do, **fields}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def kinds(instance: SignalRInstance) -> list[str]:
    return [step.kind for step in plan_instance(stored(instance)).steps]


def test_desired_grant_is_in_the_plan(operator: Client, local_azure: LocalAzure) -> None:
    instance = with_references(seed.LAB, "SystemAssigned", POLICIES)
    assert "grants" in kinds(instance)
    page = operator.get(PAGE).content.decode()
    assert "Yes: in the plan" in page
    assert "Template 1" in page


def test_grant_can_be_removed_and_added_with_audit(
    operator: Client, local_azure: LocalAzure
) -> None:
    instance = with_references(seed.LAB, "SystemAssigned", POLICIES)
    assert "<dd>No</dd>" in press(operator, "decline", vault=POLICIES)
    assert "grants" not in kinds(instance)
    assert "Yes: in the plan" in press(operator, "grant", vault=POLICIES)
    assert "grants" in kinds(instance)
    assert {event.who for event in AuditEvent.objects.order_by("-pk")[:2]} == {"a-operator"}


def test_shows_propagating_role_assignment(operator: Client, local_azure: LocalAzure) -> None:
    instance = drive(start(with_references(seed.LAB, "SystemAssigned", ROLES))).instance
    press(operator, "refresh")
    page = operator.get(PAGE).content.decode()
    grant = instance.vault_grants.get()
    assert grant.is_propagating(timezone.now())
    assert grant.status(timezone.now()) in page
    for text in ("Waiting for propagation", "can take up to 30 minutes to take effect"):
        assert text in page
    assert "Access granted" not in page
    instance.vault_grants.update(acts_from=timezone.now())
    page = operator.get(PAGE).content.decode()
    assert "Access granted" in page
    assert "propagation" not in page


def test_refresh_checks_secrets(operator: Client, local_azure: LocalAzure) -> None:
    set_desired(imported(seed.LAB), "SystemAssigned", template(POLICIES))
    assert "Not checked yet" in operator.get(PAGE).content.decode()
    assert "Present" in press(operator, "refresh")


def test_shows_error_of_azure(operator: Client, local_azure: LocalAzure) -> None:
    with_references(seed.LAB, "SystemAssigned", POLICIES)
    fault = {"method": "GET", "path": ".*/SignalR/.*", "status": 403, "times": 5}
    local_azure.post("/_local/faults", [fault])
    assert "Not refreshed." in press(operator, "refresh")


def test_shows_malformed_reference(operator: Client) -> None:
    instance = observed(None, SIGNED, SIGNED)
    row = instance.upstream_templates.last()
    assert row is not None
    row.url_template = "https://receiver.example/?code={@Microsoft.KeyVault(x)}"
    row.save()
    page = operator.get(f"/admin/instances/{instance}/key-vault/").content.decode()
    assert "<strong>Template 2:</strong> A Key Vault reference has the form" in page


def test_refuses_unreferenced_vault(operator: Client, local_azure: LocalAzure) -> None:
    with_references(seed.LAB, "SystemAssigned", POLICIES)
    assert operator.post(PAGE, {"do": "grant", "vault": ROLES}).status_code == 400


def test_sets_url_secret_without_showing_it(operator: Client) -> None:
    instance = observed(None, SIGNED)
    page = f"/admin/instances/{instance}/key-vault/"
    form = {"secret": SECRET, "parameter": "code", "is_required": "on"}
    assert SECRET not in press(operator, "save_url_secret", page, **form)
    requirements = RequestRequirements.objects.get(instance=instance)
    assert (requirements.url_secret, bool(requirements.url_secret_digest)) == (True, True)
    assert SECRET not in str(AuditEvent.objects.filter(action=ACTION).values())
    press(operator, "delete_url_secret", page)
    requirements.refresh_from_db()
    assert (requirements.url_secret, requirements.url_secret_digest) == (False, "")


@pytest.mark.parametrize("secret", ["", "short"])
def test_invalid_url_secret_is_refused_and_not_shown(operator: Client, secret: str) -> None:
    instance = observed(None, SIGNED)
    page = f"/admin/instances/{instance}/key-vault/"
    form = {"do": "save_url_secret", "secret": secret, "parameter": "code", "is_required": "on"}
    answer = operator.post(page, form)
    assert answer.status_code == 422
    assert answer.context["secret_form"].errors
    assert f'value="{secret}"' not in answer.content.decode() or not secret


@pytest.mark.parametrize(
    "do", ["refresh", "grant", "decline", "save_url_secret", "delete_url_secret"]
)
def test_viewer_cannot_change_anything(sign_in: SignIn, do: str) -> None:
    instance = observed(None, SIGNED)
    page = f"/admin/instances/{instance}/key-vault/"
    viewer = sign_in(Role.VIEWER)
    assert viewer.post(page, {"do": do}).status_code == 403
    assert 'name="do"' not in viewer.get(page).content.decode()


def test_query_count_is_independent_of_references(
    operator: Client, django_assert_max_num_queries: Any
) -> None:
    reference = "{{@Microsoft.KeyVault(SecretUri=https://vault{}.vault.azure.net/secrets/code)}}"
    url = "https://receiver.example/?code="
    documents = [SIGNED | {"urlTemplate": url + reference.format(n)} for n in range(10)]
    instance = observed(None, *documents)
    with django_assert_max_num_queries(30):
        page = operator.get(f"/admin/instances/{instance}/key-vault/").content.decode()
    assert "vault9" in page
