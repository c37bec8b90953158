"""The Upstream tab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from accounts.roles import Role
from identities.models import SignalRInstance
from localazure import seed
from sync.models import DesiredRevision
from tests.cloud import LocalAzure
from tests.portal.conftest import SignIn
from tests.portal.instances import SIGNED, observed
from upstreams.url_templates.arm_json import dump_templates, load_templates

PAGE = "/admin/instances/contoso-a/upstream/"
GAME = SIGNED | {"hubPattern": "game"}
ROW = {
    "hub_pattern": "chat",
    "category_pattern": "*",
    "event_pattern": "*",
    "url_template": "https://receiver.example/{hub}",
    "auth_type": "ManagedIdentity",
    "resource": "api://receiver",
}
TRY = {"try_hub": "chat", "try_category": "messages", "try_event": "a/b"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    return sign_in(Role.OPERATOR)


def post(client: Client, do: str, *rows: Mapping[str, str], **also: Any) -> Any:
    """Submit the form with the action `do`."""
    headers = also.pop("headers", {})
    version = client.get(PAGE).context["version"]
    columns = {name: [row[name] for row in rows] for name in ROW} if rows else {}
    form = {"do": do, "version": version, **columns, **also}
    return client.post(PAGE, form, follow=True, headers=headers)


def desired() -> list[dict[str, Any]]:
    return dump_templates(SignalRInstance.objects.with_desired().get(name="contoso-a"))


def hubs() -> list[str]:
    return [each["hubPattern"] for each in desired()]


def shown(page: Any) -> list[str]:
    """Return the hubs that the page shows."""
    return [form["hub_pattern"].value() for form, _explanation, _buttons in page.context["entries"]]


def test_saves_templates_in_page_order(operator: Client) -> None:
    observed(None, SIGNED, GAME)
    page = post(operator, "save", ROW | {"hub_pattern": "game"}, ROW, comment="game first")
    assert hubs() == ["game", "chat"]
    assert "The desired state differs from Azure" in page.content.decode()
    last = DesiredRevision.objects.latest("number")
    assert (last.who, last.action, last.comment) == ("a-operator", "set upstream", "game first")


def test_saves_an_empty_list(operator: Client) -> None:
    observed(None, SIGNED)
    post(operator, "save")
    assert hubs() == []


@pytest.mark.parametrize(
    ("button", "order"),
    [("up-2", ["b", "a", "c"]), ("down-2", ["a", "c", "b"]), ("remove-1", ["b", "c"])],
)
def test_buttons_rearrange_without_saving(operator: Client, button: str, order: list[str]) -> None:
    observed(None, SIGNED)
    rows = [ROW | {"hub_pattern": hub} for hub in "abc"]
    page = post(operator, button, *rows)
    assert shown(page) == order
    assert page.context["announcement"]
    assert hubs() == ["chat"]


def test_first_and_last_template_do_not_move_out(operator: Client) -> None:
    observed(None, SIGNED)
    rows = [ROW | {"hub_pattern": hub} for hub in "ab"]
    assert shown(post(operator, "up-1", *rows)) == ["a", "b"]
    assert shown(post(operator, "down-2", *rows)) == ["a", "b"]


def test_focus_moves_to_an_enabled_button(operator: Client) -> None:
    observed(None, SIGNED)
    rows = [ROW | {"hub_pattern": hub} for hub in "abc"]
    assert post(operator, "up-3", *rows).context["focus"] == "up-2"
    assert post(operator, "up-2", *rows).context["focus"] == "down-1"
    assert post(operator, "down-2", *rows).context["focus"] == "up-3"


def test_fragment_has_only_the_editor(operator: Client) -> None:
    observed(None, SIGNED)
    page = post(operator, "add", ROW, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    assert "Template 2" in page


@pytest.mark.parametrize("button", ["up-2", "up-0", "sideways-1", ""])
def test_refuses_unknown_button(operator: Client, button: str) -> None:
    observed(None, SIGNED)
    assert post(operator, button, ROW).status_code == 400


def test_refuses_incomplete_template(operator: Client) -> None:
    observed(None, SIGNED)
    assert operator.post(PAGE, {"do": "save", "hub_pattern": "chat"}).status_code == 400
    assert hubs() == ["chat"]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("url_template", "receiver.example", "absolute URL"),
        ("hub_pattern", "cha*", "by itself"),
        ("resource", "https://graph.microsoft.com", "Microsoft Graph encrypts"),
        ("resource", "", "requires a resource"),
        ("url_template", "https://a.example/?c={@Microsoft.KeyVault(x)}", "reference has the form"),
    ],
)
def test_invalid_template_is_refused_and_kept(
    operator: Client, field: str, value: str, reason: str
) -> None:
    observed(None, SIGNED)
    page = post(operator, "save", ROW | {field: value})
    assert page.status_code == 422
    assert reason in page.content.decode()
    assert page.context["entries"][0][0][field].value() == value
    assert desired()[0]["auth"] == SIGNED["auth"]


@pytest.mark.parametrize(
    ("field", "value"), [("hub_pattern", "cha*"), ("resource", "https://graph.microsoft.com")]
)
def test_error_is_not_repeated_as_advice(operator: Client, field: str, value: str) -> None:
    observed(None, SIGNED)
    page = post(operator, "save", ROW | {field: value})
    ((_, explanation, *_),) = page.context["entries"]
    assert len(explanation.problems) == 1
    assert explanation.advice == ()


def test_existing_withdrawn_resource_can_be_kept(operator: Client) -> None:
    instance = observed(None, SIGNED)
    row = instance.upstream_templates.get()
    row.resource = "https://graph.microsoft.com"
    row.save()
    kept = ROW | {"resource": row.resource}
    post(operator, "save", ROW | {"hub_pattern": "game"}, kept)
    assert hubs() == ["game", "chat"]


def test_concurrent_edit_shows_both_lists(
    operator: Client,
) -> None:
    instance = observed(None, SIGNED)
    mine = ROW | {"hub_pattern": "mine"}
    before = operator.get(PAGE).context["version"]
    load_templates(instance, [GAME])
    page = post(operator, "save", mine, version=before)
    assert page.status_code == 409
    assert hubs() == ["game"]
    assert shown(page) == ["mine"]
    assert "All events of hub game" in page.content.decode()
    post(operator, "save", mine, version=page.context["version"])
    assert hubs() == ["mine"]


def test_concurrent_edit_shows_no_key_of_the_saved_list(operator: Client) -> None:
    instance = observed(None, SIGNED)
    before = operator.get(PAGE).context["version"]
    load_templates(instance, [{"urlTemplate": "https://app.example/?code=s3cret-key-value"}])
    page = post(operator, "save", ROW, version=before)
    assert page.status_code == 409
    assert "https://app.example/?code=(hidden:" in page.content.decode()
    assert "s3cret-key-value" not in page.content.decode()


def test_rearranging_keeps_the_version(operator: Client) -> None:
    instance = observed(None, SIGNED)
    before = operator.get(PAGE).context["version"]
    load_templates(instance, [GAME])
    arranged = post(operator, "add", ROW, version=before)
    assert arranged.context["version"] == before


def test_names_the_shadowing_template(operator: Client) -> None:
    observed(None, SIGNED | {"hubPattern": "*"}, SIGNED)
    assert "template 1 matches all of them first" in operator.get(PAGE).content.decode()


def test_shows_route_of_an_event(sign_in: SignIn) -> None:
    reference = "{@Microsoft.KeyVault(SecretUri=https://my-vault.vault.azure.net/secrets/code)}"
    url = "https://receiver.example/{event}?code=" + reference
    observed(None, GAME, SIGNED | {"urlTemplate": url})
    route = sign_in(Role.VIEWER).get(PAGE, TRY).context["route"]
    assert (route.number, route.audience) == (2, "api://receiver")
    assert route.url[0] == "https://receiver.example/a%2Fb?code="
    assert (route.url[1].vault, route.url[1].secret) == ("my-vault", "code")
    assert route.skipped[0].reasons == ("Its hub pattern 'game' does not match 'chat'.",)


def test_route_uses_unsaved_templates(operator: Client) -> None:
    observed(None, GAME)
    headers = {"HX-Request": "true"}
    page = post(operator, "check", ROW | {"resource": "api://typed"}, headers=headers, **TRY)
    assert page.context["route"].audience == "api://typed"
    assert 'id="route"' in page.content.decode()


def test_check_does_not_save(operator: Client) -> None:
    observed(None, GAME)
    columns = {name: [value] for name, value in ROW.items()}
    page = operator.post(PAGE, columns | {"hub_pattern": ["typed"]})
    assert shown(page) == ["typed"]
    assert hubs() == ["game"]


def test_unmatched_event_is_dropped(operator: Client) -> None:
    observed(None, GAME)
    page = operator.get(PAGE, TRY, headers={"HX-Request": "true", "HX-Target": "route"})
    assert "drops the event" in page.content.decode()
    assert "<html" not in page.content.decode()


@pytest.mark.parametrize("do", ["save", "check", "add"])
def test_viewer_cannot_change_templates(sign_in: SignIn, do: str) -> None:
    observed(None, SIGNED)
    viewer = sign_in(Role.VIEWER)
    assert viewer.post(PAGE, {"do": do}).status_code == 403
    assert "https://receiver.example/{hub}" in viewer.get(PAGE).content.decode()
    assert hubs() == ["chat"]


def test_finds_applications_of_the_tenant(operator: Client, local_azure: LocalAzure) -> None:
    observed(None, SIGNED)
    asked = {"q": "upstream", "for": "template-1-resource"}
    page = operator.get(f"{PAGE}resources/", asked, headers={"HX-Request": "true"})
    assert f'data-value="{seed.UPSTREAM_APP_URI}"' in page.content.decode()


def test_explains_missing_graph_permission(operator: Client, local_azure: LocalAzure) -> None:
    observed(None, SIGNED)
    fault = {"method": "GET", "path": ".*/applications.*", "status": 403, "times": 5}
    local_azure.post("/_local/faults", [fault])
    page = operator.get(f"{PAGE}resources/", {"q": "storage"}).content.decode()
    assert "Application.Read.All" in page
    assert "https://storage.azure.com/" in page


def test_query_count_is_independent_of_templates(
    operator: Client, django_assert_max_num_queries: Any
) -> None:
    observed(None, *(SIGNED | {"hubPattern": f"hub{number}"} for number in range(30)))
    with django_assert_max_num_queries(20):
        operator.get(PAGE)


def test_warns_of_plain_text_key_and_redacts_it(sign_in: SignIn) -> None:
    observed(None, SIGNED | {"urlTemplate": "https://receiver.example/?code=let-me-in"})
    page = sign_in(Role.VIEWER).get(PAGE, TRY).content.decode()
    assert "contains a key in plain text (code)" in page
    assert "let-me-in" not in page


@pytest.mark.parametrize(
    ("mode", "is_warned"), [("Default", True), ("Serverless", False), ("", False)]
)
@pytest.mark.parametrize("tab", ["upstream", "plan"])
def test_warns_of_a_service_mode_without_upstream(
    operator: Client, tab: str, mode: str, is_warned: bool
) -> None:
    instance = observed(None, SIGNED)
    instance.service_mode = mode
    instance.save()
    page = operator.get(f"/admin/instances/{instance}/{tab}/").content.decode()
    assert ("The service mode is Default." in page) == is_warned
