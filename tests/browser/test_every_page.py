"""Every page of the portal: no barrier in light or dark, no error, no other host, no sideways."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from localazure import seed
from tests.browser.page_checks import assert_accessible, assert_fits, sign_in
from tests.browser.portal import Portal

# So that one that breaks is named, and the others are looked at all the same.
GROUPS: Final = 4


@pytest.fixture(scope="module")
def lived_in(portal: Portal, worker: None) -> Portal:
    """A portal with something on each page: deliveries, an operation, history, drift."""
    portal.manage("set_policy", seed.CHAT, "manage")
    portal.send_event(seed.CHAT)
    portal.manage("set_upstream", seed.CHAT, stdin="[]")
    portal.manage("apply", seed.CHAT, "--yes", "--wait")
    portal.manage("set_identity", seed.LAB, "SystemAssigned")
    return portal


@pytest.fixture(scope="module")
def addresses(lived_in: Portal) -> list[str]:
    """The address of every page."""
    found: list[str] = json.loads(lived_in.python("import tests.browser.page_urls"))
    return found


@pytest.fixture
def administrator(open_page: Callable[..., Page]) -> Page:
    page = open_page()
    sign_in(page, "administrator")
    return page


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_page_is_accessible(administrator: Page, addresses: list[str], group: int) -> None:
    found = []
    for address in addresses[group::GROUPS]:
        answer = administrator.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        try:
            assert_accessible(administrator)
        except AssertionError as error:
            found.append(str(error))
    assert not found, "\n".join(found)


def test_every_page_fits_a_phone(open_page: Callable[..., Page], addresses: list[str]) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    sign_in(page, "administrator")
    found = []
    for address in addresses:
        page.goto(address)
        try:
            assert_fits(page)
        except AssertionError as error:
            found.append(str(error))
    assert not found, "\n".join(found)


def test_every_page_names_the_environment(administrator: Page, addresses: list[str]) -> None:
    for address in addresses:
        administrator.goto(address)
        expect(administrator.get_by_text("Local Azure", exact=True).first).to_be_attached()
