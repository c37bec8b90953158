"""The token inspector in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from localazure import seed
from tests.browser.page_checks import assert_accessible, assert_fits, screenshot, sign_in
from tests.browser.portal import Portal


@pytest.fixture
def token(portal: Portal) -> str:
    """A token of another instance with the right audience."""
    order = {"principal": seed.ORDERS, "resource": seed.UPSTREAM_APP_URI}
    return str(portal.azure.post("/_local/tokens", order)["token"])


def test_explains_token_of_another_instance(page: Page, token: str, tmp_path: Path) -> None:
    sign_in(page, "viewer")
    page.get_by_role("link", name="Token inspector").click()
    assert_accessible(page)
    page.get_by_label("Instance").fill(seed.CHAT)
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Inspect").click()
    expect(page.get_by_role("heading", name="The receiver would refuse this token")).to_be_visible()
    failed = page.get_by_role("listitem").filter(has_text="fail").filter(has_text="Principal")
    expect(failed).to_contain_text(seed.CHAT_PRINCIPAL_ID)
    expect(failed).to_contain_text(seed.ORDERS_PRINCIPAL_ID)
    expect(page.get_by_label("Access token")).to_have_value("")
    assert token.split(".")[2] not in page.content()
    assert_accessible(page)
    screenshot(page, "token-inspector", tmp_path)


def test_page_fits_a_phone(narrow_page: Page, token: str) -> None:
    sign_in(narrow_page, "viewer")
    narrow_page.goto(f"/admin/token-inspector/?instance={seed.CHAT}")
    narrow_page.get_by_label("Access token").fill(token)
    narrow_page.get_by_role("button", name="Inspect").click()
    assert_fits(narrow_page)
