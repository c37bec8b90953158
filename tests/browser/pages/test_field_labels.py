"""Every field of the admin form has a label."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.page_checks import assert_accessible, sign_in


def test_every_field_has_a_label(page: Page) -> None:
    sign_in(page, "administrator")
    page.goto("/admin/identities/signalrinstance/1/change/")
    assert page.get_by_label("Hub pattern").count() > 0
    assert_accessible(page)
