"""The list of upstream templates by mouse, by keyboard, and by two at once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from localazure import seed
from tests.browser.looking import sign_in
from tests.browser.portal import Portal
from tests.browser.watching import Watch

PAGE = f"/admin/instances/{seed.ORDERS}/upstream/"
HUBS = ["status", "*"]


@pytest.fixture
def editor(page: Page) -> Page:
    sign_in(page, "operator")
    page.goto(PAGE)
    return page


def hubs(page: Page) -> list[str]:
    """Return the hubs of the list as it stands on the page."""
    return [field.input_value() for field in page.get_by_label("Hubs").all()]


def wanted(portal: Portal) -> list[str]:
    """Return the hubs of the list that is wanted."""
    code = (
        "import json; from upstreams.models import UpstreamTemplate as T;"
        f"rows = T.objects.filter(instance__name={seed.ORDERS!r});"
        "print(json.dumps([row.hub_pattern for row in rows]))"
    )
    found: list[str] = json.loads(portal.python(code))
    return found


def test_a_template_is_dragged_past_another(editor: Page, portal: Portal) -> None:
    editor.locator(".grip").nth(1).drag_to(
        editor.get_by_role("heading", name="Template 1"), target_position={"x": 2, "y": 2}
    )
    expect(editor.get_by_label("Hubs").first).to_have_value("*")
    expect(editor.locator("#reading-2")).to_contain_text("template 1 takes them all before")
    assert wanted(portal) == HUBS


def test_a_template_is_moved_by_the_keyboard_alone(editor: Page) -> None:
    editor.get_by_role("button", name="Move up template 2").focus()
    editor.keyboard.press("Enter")
    expect(editor.locator("#announcement")).to_have_text("Template 2 is now number 1 of 2.")
    assert hubs(editor) == ["*", "status"]
    expect(editor.get_by_role("button", name="Move down template 1")).to_be_focused()


def test_what_is_typed_is_read_at_once_and_keeps_the_focus(editor: Page) -> None:
    field = editor.get_by_label("Hubs").first
    field.fill("chat, game")
    expect(editor.locator("#reading-1")).to_contain_text("everything of hub chat or game")
    expect(field).to_be_focused()
    editor.get_by_label("Hub", exact=True).fill("game")
    editor.get_by_label("Event", exact=True).fill("say")
    expect(editor.locator("#route")).to_contain_text("Template 1 takes it")


def test_two_at_one_list_lose_nothing(
    editor: Page, open_page: Callable[..., Page], portal: Portal, watch: Watch
) -> None:
    watch.allow("409")
    other = open_page()
    sign_in(other, "administrator")
    other.goto(PAGE)
    other.get_by_label("Why").fill("looked at again")
    other.get_by_label("Hubs").first.fill("theirs")
    editor.get_by_label("Hubs").first.fill("mine")
    other.get_by_role("button", name="Save the list").click()
    expect(other.get_by_text("is to have 2 upstream templates")).to_be_visible()
    editor.get_by_role("button", name="Save the list").click()
    expect(editor.get_by_text("Somebody else changed the list")).to_be_visible()
    assert hubs(editor)[0] == "mine"
    assert wanted(portal)[0] == "theirs"


def test_templates_are_added_and_removed_in_place(editor: Page) -> None:
    editor.get_by_role("button", name="Add a template").click()
    expect(editor.get_by_label("Hubs").nth(2)).to_be_focused()
    expect(editor.locator("#reading-3")).to_contain_text("URL template: This field is required.")
    editor.get_by_role("button", name="Remove template 1").click()
    expect(editor.locator("#announcement")).to_have_text("Template 1 was removed.")
    assert hubs(editor) == ["*", "*"]


@pytest.fixture(autouse=True)
def _as_it_was(portal: Portal) -> None:
    """Each test begins with the built-in list."""
    url = f"http://localhost:8000/upstream/{seed.ORDERS}/"
    document = [{"hubPattern": hub, "urlTemplate": url} for hub in HUBS]
    portal.manage("set_upstream", seed.ORDERS, stdin=json.dumps(document))
