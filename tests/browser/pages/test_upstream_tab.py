"""The Upstream tab with mouse, keyboard and two users at once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from localazure import seed
from tests.browser.error_watch import Watch
from tests.browser.page_checks import sign_in
from tests.browser.portal import Portal

PAGE = f"/admin/instances/{seed.ORDERS}/upstream/"
HUBS = ["status", "*"]


@pytest.fixture
def editor(page: Page) -> Page:
    sign_in(page, "operator")
    page.goto(PAGE)
    return page


def hubs(page: Page) -> list[str]:
    """Return the hubs on the page."""
    return [field.input_value() for field in page.get_by_label("Hubs").all()]


def saved_hubs(portal: Portal) -> list[str]:
    """Return the hubs of the saved templates."""
    code = (
        "import json; from upstreams.models import UpstreamTemplate as T;"
        f"rows = T.objects.filter(instance__name={seed.ORDERS!r});"
        "print(json.dumps([row.hub_pattern for row in rows]))"
    )
    found: list[str] = json.loads(portal.python(code))
    return found


def test_template_can_be_dragged(editor: Page, portal: Portal) -> None:
    editor.locator(".grip").nth(1).drag_to(
        editor.get_by_role("heading", name="Template 1"), target_position={"x": 2, "y": 2}
    )
    expect(editor.get_by_label("Hubs").first).to_have_value("*")
    expect(editor.locator("#explanation-2")).to_contain_text("template 1 matches all of them first")
    assert saved_hubs(portal) == HUBS


def test_template_can_be_moved_by_keyboard(editor: Page) -> None:
    editor.get_by_role("button", name="Move up template 2").focus()
    editor.keyboard.press("Enter")
    expect(editor.locator("#announcement")).to_have_text("Template 2 is now number 1 of 2.")
    assert hubs(editor) == ["*", "status"]
    expect(editor.get_by_role("button", name="Move down template 1")).to_be_focused()


def test_typing_updates_explanation_and_keeps_focus(editor: Page) -> None:
    field = editor.get_by_label("Hubs").first
    field.fill("chat, game")
    expect(editor.locator("#explanation-1")).to_contain_text("all events of hub chat or game")
    expect(field).to_be_focused()
    editor.get_by_label("Hub", exact=True).fill("game")
    editor.get_by_label("Event", exact=True).fill("say")
    expect(editor.locator("#route")).to_contain_text("Template 1 matches")


def test_concurrent_edits_lose_nothing(
    editor: Page, open_page: Callable[..., Page], portal: Portal, watch: Watch
) -> None:
    watch.allow("409")
    other = open_page()
    sign_in(other, "administrator")
    other.goto(PAGE)
    other.locator("#change-note").fill("reviewed")
    other.get_by_label("Hubs").first.fill("other")
    editor.get_by_label("Hubs").first.fill("mine")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_text("Saved 2 upstream templates")).to_be_visible()
    editor.get_by_role("button", name="Save", exact=True).click()
    expect(editor.get_by_text("Another user changed the templates")).to_be_visible()
    assert hubs(editor)[0] == "mine"
    assert saved_hubs(portal)[0] == "other"


def test_templates_can_be_added_and_removed(editor: Page) -> None:
    editor.get_by_role("button", name="Add template").click()
    expect(editor.get_by_label("Hubs").nth(2)).to_be_focused()
    expect(editor.locator("#explanation-3")).to_contain_text(
        "URL template: This field is required."
    )
    editor.get_by_role("button", name="Remove template 1").click()
    expect(editor.locator("#announcement")).to_have_text("Template 1 was removed.")
    assert hubs(editor) == ["*", "*"]


@pytest.fixture(autouse=True)
def _restore_templates(portal: Portal) -> None:
    """Restore the built-in templates before each test."""
    url = f"http://localhost:8000/upstream/{seed.ORDERS}/"
    document = [{"hubPattern": hub, "urlTemplate": url} for hub in HUBS]
    portal.manage("set_upstream", seed.ORDERS, stdin=json.dumps(document))
