"""Personal access tokens in a browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.error_watch import Watch
from tests.browser.page_checks import assert_accessible, assert_fits, sign_in


def test_token_is_created_used_and_revoked(page: Page, watch: Watch) -> None:
    watch.allow("401")
    sign_in(page, "operator")
    page.goto("/admin/access-tokens/")
    expect(page.get_by_text("You have no access tokens yet.")).to_be_visible()
    page.get_by_label("Name").fill("pipeline")
    page.get_by_role("button", name="Create token").click()
    token = (
        page.get_by_role("region", name="Token “pipeline” created").get_by_role("code").inner_text()
    )
    assert_accessible(page)
    bearer = {"Authorization": f"Bearer {token}"}
    page.context.clear_cookies()
    assert page.request.get("/api/v1/instances/", headers=bearer).status == 200
    sign_in(page, "operator")
    page.goto("/admin/access-tokens/")
    page.get_by_role("button", name="Revoke pipeline").click()
    expect(page.get_by_role("cell", name="Revoked")).to_be_visible()
    page.context.clear_cookies()
    assert page.request.get("/api/v1/instances/", headers=bearer).status == 401


def test_page_fits_a_phone(narrow_page: Page) -> None:
    sign_in(narrow_page, "operator")
    narrow_page.goto("/admin/access-tokens/")
    assert_fits(narrow_page)
