"""The checks of pages detect what they are for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.error_watch import Watch
from tests.browser.page_checks import assert_accessible, assert_fits
from tests.browser.portal import Portal

LOGIN = "/admin/login/"


@pytest.fixture
def seen(watch: Watch) -> Iterator[Watch]:
    """The watch; its errors do not fail the test."""
    yield watch
    watch.allow("")


def test_accepts_good_page(page: Page) -> None:
    page.goto(LOGIN)
    assert_accessible(page)
    assert_fits(page)


def test_detects_request_to_another_host(open_page: Callable[..., Page], seen: Watch) -> None:
    page = open_page(bypass_csp=True)
    page.goto(LOGIN)
    page.evaluate("fetch('https://example.com/logo.png').catch(() => null)")
    assert any("another host: https://example.com/logo.png" in line for line in seen.wrong())


def test_detects_policy_violation(page: Page, seen: Watch) -> None:
    page.goto(LOGIN)
    page.evaluate("fetch('https://example.com/').catch(() => null)")
    assert any("Content Security Policy" in line for line in seen.wrong())


def test_detects_console_error(page: Page, seen: Watch) -> None:
    page.goto(LOGIN)
    page.evaluate("console.error('broken')")
    assert any("broken" in line for line in seen.wrong())


def test_detects_script_error(page: Page, seen: Watch) -> None:
    page.goto(LOGIN)
    page.evaluate("setTimeout(() => { throw new Error('unforeseen') })")
    page.wait_for_timeout(50)
    assert any("unforeseen" in line for line in seen.wrong())


def test_detects_missing_file(page: Page, seen: Watch) -> None:
    page.goto(LOGIN)
    page.evaluate("fetch('/static/none.css')")
    assert any("404" in line for line in seen.wrong())


def test_allowed_error_is_ignored(page: Page, watch: Watch) -> None:
    watch.allow("404")
    page.goto(LOGIN)
    page.evaluate("fetch('/static/none.css')")


def test_checks_accessibility_in_dark_too(page: Page) -> None:
    page.goto(LOGIN)
    page.evaluate("document.querySelector('main, body').append(document.createElement('select'))")
    with pytest.raises(AssertionError, match=r"(?s)light: select-name.*dark: select-name"):
        assert_accessible(page)


def test_detects_too_wide_page(narrow_page: Page) -> None:
    narrow_page.goto(LOGIN)
    narrow_page.evaluate("document.body.style.width = '2000px'")
    with pytest.raises(AssertionError, match="too wide"):
        assert_fits(narrow_page)


def test_runs_without_debug(page: Page, portal: Portal, watch: Watch) -> None:
    watch.allow("404")
    page.goto("/no-such-page/")
    assert "Not Found" in page.content()
    assert "DEBUG" not in page.content()
    assert portal.python("from django.conf import settings; print(settings.DEBUG)") == "False\n"
