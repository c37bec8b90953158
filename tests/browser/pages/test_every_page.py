"""Every page is accessible in light and dark, has no errors and fits a phone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from localazure import seed
from tests.browser.page_checks import assert_accessible, assert_fits, sign_in
from tests.browser.portal import Portal

# Several tests, so that a failure in one does not hide the others.
GROUPS: Final = 4


@pytest.fixture(scope="module")
def used_portal(portal: Portal, worker: None) -> Portal:
    """A portal with deliveries, an operation, history and drift."""
    portal.manage("set_policy", seed.CHAT, "manage")
    portal.send_event(seed.CHAT)
    portal.manage("set_upstream", seed.CHAT, stdin="[]")
    portal.manage("apply", seed.CHAT, "--yes", "--confirm-destructive", "--wait")
    portal.manage("set_identity", seed.LAB, "SystemAssigned")
    return portal


@pytest.fixture(scope="module")
def urls(used_portal: Portal) -> list[str]:
    """The URL of every page."""
    found: list[str] = json.loads(used_portal.python("import tests.browser.page_urls"))
    return found


@pytest.fixture
def administrator(open_page: Callable[..., Page]) -> Page:
    page = open_page()
    sign_in(page, "administrator")
    return page


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_page_is_accessible(administrator: Page, urls: list[str], group: int) -> None:
    found = []
    for url in urls[group::GROUPS]:
        answer = administrator.goto(url)
        assert answer is not None
        assert answer.status == 200, url
        try:
            assert_accessible(administrator)
        except AssertionError as error:
            found.append(str(error))
    assert not found, "\n".join(found)


def test_every_page_fits_a_phone(open_page: Callable[..., Page], urls: list[str]) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    sign_in(page, "administrator")
    found = []
    for url in urls:
        page.goto(url)
        try:
            assert_fits(page)
        except AssertionError as error:
            found.append(str(error))
    assert not found, "\n".join(found)


def test_every_page_names_the_environment(administrator: Page, urls: list[str]) -> None:
    for url in urls:
        administrator.goto(url)
        expect(administrator.get_by_text("Local Azure", exact=True).first).to_be_attached()
