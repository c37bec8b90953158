"""Sign-in with Microsoft Entra."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from localazure import seed
from tests.browser.error_watch import Watch
from tests.browser.page_checks import assert_accessible, assert_fits, sign_in
from tests.browser.portal import Portal


def sign_in_with_entra(page: Page, principal_name: str) -> None:
    """Choose that user on Entra's page."""
    page.goto("/admin/login/")
    page.get_by_role("button", name="Sign in with Microsoft").click()
    page.get_by_role("button", name=principal_name).click()
    page.wait_for_url("**/admin/**")


def sign_out(page: Page) -> None:
    """Delete the session."""
    page.context.clear_cookies()


def test_viewer_has_read_only_access(page: Page, watch: Watch) -> None:
    sign_in_with_entra(page, seed.VIEWER_UPN)
    page.goto("/admin/identities/signalrinstance/")
    expect(page.get_by_text(seed.CHAT).first).to_be_visible()
    watch.allow("403")
    refused = page.request.get("/admin/auth/user/")
    assert refused.status == 403


def test_sign_in_redirects_to_requested_page(page: Page) -> None:
    page.goto("/admin/sync/operation/")
    page.get_by_role("button", name="Sign in with Microsoft").click()
    page.get_by_role("button", name=seed.OPERATOR_UPN).click()
    page.wait_for_url("**/admin/sync/operation/")


def test_revoked_role_is_lost_at_next_sign_in(page: Page, portal: Portal) -> None:
    sign_in_with_entra(page, seed.ADMINISTRATOR_UPN)
    assert page.request.get("/admin/auth/user/").status == 200
    changed = seed.user("Ada Administrator", seed.ADMINISTRATOR_UPN, "Fleet.Reader")
    portal.azure.seed(users=[changed])
    sign_out(page)
    sign_in_with_entra(page, seed.ADMINISTRATOR_UPN)
    assert page.request.get("/admin/identities/signalrinstance/").status == 200
    assert page.request.get("/admin/auth/user/").status == 403


def test_user_without_role_is_refused(page: Page, watch: Watch) -> None:
    watch.allow("403")
    sign_in_with_entra(page, seed.NO_ROLE_UPN)
    expect(page.get_by_role("alert")).to_contain_text("You have no role in Signalman")
    assert_accessible(page)
    assert page.request.get("/admin/", max_redirects=0).status == 302


def test_cancelled_sign_in_is_explained(page: Page, watch: Watch) -> None:
    watch.allow("403")
    page.goto("/admin/login/")
    page.get_by_role("button", name="Sign in with Microsoft").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("The sign-in was cancelled")
    page.get_by_role("link", name="Back to the sign-in page").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_password_sign_in_works_beside_entra(page: Page) -> None:
    sign_in(page, "viewer")
    assert page.url.endswith("/admin/")


def test_sign_in_pages_are_accessible(page: Page, narrow_page: Page) -> None:
    page.goto("/admin/login/")
    assert_accessible(page)
    page.get_by_role("button", name="Sign in with Microsoft").click()
    assert_accessible(page)
    narrow_page.goto("/admin/login/")
    assert_fits(narrow_page)
