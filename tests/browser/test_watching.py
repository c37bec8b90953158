"""The watch over pages, and the eye for barriers, see what they are there for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.looking import assert_accessible, assert_fits
from tests.browser.portal import Portal
from tests.browser.watching import Watch

LOGIN = "/admin/login/"


@pytest.fixture
def seen(watch: Watch) -> Iterator[Watch]:
    """The watch, which forgives everything in the end."""
    yield watch
    watch.allow("")


def test_a_good_page_is_found_good(page: Page) -> None:
    page.goto(LOGIN)
    assert_accessible(page)
    assert_fits(page)


def test_a_request_to_another_host_is_seen(open_page: Callable[..., Page], seen: Watch) -> None:
    page = open_page(bypass_csp=True)
    page.goto(LOGIN)
    page.evaluate("fetch('https://example.com/logo.png').catch(() => null)")
    assert any("another host: https://example.com/logo.png" in line for line in seen.wrong())


def test_a_breach_of_the_pages_policy_is_seen(page: Page, seen: Watch) -> None:
    page.goto(LOGIN)
    page.evaluate("fetch('https://example.com/').catch(() => null)")
    assert any("Content Security Policy" in line for line in seen.wrong())


def test_an_error_on_the_console_is_seen(page: Page, seen: Watch) -> None:
    page.goto(LOGIN)
    page.evaluate("console.error('broken')")
    assert any("broken" in line for line in seen.wrong())


def test_a_script_that_fails_is_seen(page: Page, seen: Watch) -> None:
    page.goto(LOGIN)
    page.evaluate("setTimeout(() => { throw new Error('unforeseen') })")
    page.wait_for_timeout(50)
    assert any("unforeseen" in line for line in seen.wrong())


def test_a_missing_file_is_seen(page: Page, seen: Watch) -> None:
    page.goto(LOGIN)
    page.evaluate("fetch('/static/none.css')")
    assert any("404" in line for line in seen.wrong())


def test_what_a_test_allows_is_forgiven(page: Page, watch: Watch) -> None:
    watch.allow("404")
    page.goto(LOGIN)
    page.evaluate("fetch('/static/none.css')")


def test_a_barrier_is_found_in_the_dark_too(page: Page) -> None:
    page.goto(LOGIN)
    page.evaluate("document.querySelector('main, body').append(document.createElement('select'))")
    with pytest.raises(AssertionError, match=r"(?s)light: select-name.*dark: select-name"):
        assert_accessible(page)


def test_a_page_that_is_too_wide_is_found(narrow_page: Page) -> None:
    narrow_page.goto(LOGIN)
    narrow_page.evaluate("document.body.style.width = '2000px'")
    with pytest.raises(AssertionError, match="too wide"):
        assert_fits(narrow_page)


def test_the_portal_runs_as_in_production(page: Page, portal: Portal, watch: Watch) -> None:
    watch.allow("404")
    page.goto("/no-such-page/")
    assert "Not Found" in page.content()
    assert "DEBUG" not in page.content()
    assert portal.python("from django.conf import settings; print(settings.DEBUG)") == "False\n"
