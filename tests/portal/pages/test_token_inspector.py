"""The token inspector."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.roles import Role
from localazure import seed
from sync.inventory.import_subscription import import_subscription
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from upstreams.models import Delivery

PAGE = "/admin/token-inspector/"


@pytest.fixture
def fleet(db: None, local_azure: LocalAzure) -> LocalAzure:
    """The built-in fleet, imported."""
    import_subscription(seed.SUBSCRIPTION_ID, who="test")
    return local_azure


@pytest.fixture
def viewer(sign_in: SignIn) -> Client:
    """A client of a viewer: the page changes nothing."""
    return sign_in(Role.VIEWER)


def token_from(cloud: LocalAzure, **order: Any) -> str:
    order_fields = {"principal": seed.CHAT, "resource": seed.UPSTREAM_APP_URI, **order}
    return str(cloud.post("/_local/tokens", order_fields)["token"])


def inspect(client: Client, token: str, **changes: str) -> Any:
    event = {"instance": seed.CHAT, "hub": "chat", "category": "messages", "event": "*"}
    return client.post(PAGE, event | changes | {"token": token})


def test_valid_token_is_accepted(viewer: Client, fleet: LocalAzure) -> None:
    page = inspect(viewer, f"Bearer {token_from(fleet)}").content.decode()
    assert "would accept" in page
    assert "pill-bad" not in page


def test_failed_check_shows_expected_and_found(viewer: Client, fleet: LocalAzure) -> None:
    page = inspect(viewer, token_from(fleet, resource="api://payroll")).content.decode()
    assert "would refuse" in page
    assert seed.UPSTREAM_APP_URI in page
    assert "api://payroll" in page
    assert "Not reached" in page


@pytest.mark.parametrize("changes", [{}, {"instance": "unknown"}])
def test_token_is_not_shown_stored_or_logged(
    viewer: Client,
    fleet: LocalAzure,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, str],
) -> None:
    caplog.set_level(logging.DEBUG)
    token = token_from(fleet, key="unknown")
    answer = inspect(viewer, token, **changes)
    assert answer.status_code == 200
    for part in token.split("."):
        assert part not in answer.content.decode()
        assert part not in caplog.text
        assert part not in str([row.get_decoded() for row in Session.objects.all()])
    assert not Delivery.objects.exists()


def test_page_is_not_cached(viewer: Client, fleet: LocalAzure) -> None:
    for answer in (viewer.get(PAGE), inspect(viewer, token_from(fleet))):
        assert "no-store" in answer["Cache-Control"]
    assert 'autocomplete="off"' in viewer.get(PAGE).content.decode()


def test_ignores_token_in_query(viewer: Client, fleet: LocalAzure) -> None:
    page = viewer.get(PAGE, {"token": token_from(fleet), "instance": seed.CHAT}).content.decode()
    assert "The receiver would" not in page
    assert f'value="{seed.CHAT}"' in page


def test_instance_name_ignores_case(viewer: Client, fleet: LocalAzure) -> None:
    page = inspect(viewer, token_from(fleet), instance=seed.CHAT.upper()).content.decode()
    assert "would accept" in page


def test_reports_unknown_instance(viewer: Client, fleet: LocalAzure) -> None:
    page = inspect(viewer, token_from(fleet), instance="unknown").content.decode()
    assert "No instance has this name." in page


def test_requires_permission_to_view_instances(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("unknown", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert inspect(client, "x").status_code == 403
