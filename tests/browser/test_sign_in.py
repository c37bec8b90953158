"""Sign-in with a password."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_checks import screenshot, sign_in
from tests.browser.portal import ROLES


@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_sign_in(page: Page, role: str) -> None:
    sign_in(page, role)
    expect(page.get_by_text(role).first).to_be_attached()
    assert page.url.endswith("/admin/")


def test_follows_dark_colour_scheme(dark_page: Page, tmp_path: Path) -> None:
    sign_in(dark_page, "viewer")
    assert dark_page.evaluate("document.documentElement.className") == "dark"
    assert screenshot(dark_page, "dark", tmp_path).exists()
