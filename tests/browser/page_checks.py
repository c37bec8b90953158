"""Sign-in, accessibility checks and screenshots."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.error_watch import settled
from tests.browser.portal import PASSWORD
from tests.cloud import REPOSITORY

# The variable that names the folder for screenshots, such as docs/images.
SCREENSHOTS: Final = "SIGNALMAN_SCREENSHOTS"
SCHEMES: Final = ("light", "dark")
_GRAVE: Final = frozenset({"serious", "critical"})
_RULES: Final = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


def sign_in(page: Page, role: str) -> None:
    """Sign in with a password as the user with that role."""
    page.goto("/admin/login/")
    page.get_by_label("Username").fill(role)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def assert_accessible(page: Page) -> None:
    """Fail with the serious and critical violations that axe finds in light and in dark."""
    settled(page)
    was_dark = _is_dark(page)
    found = [line for scheme in SCHEMES for line in _violations(page, scheme)]
    _show(page, "dark" if was_dark else "light")
    assert not found, f"{page.url}\n" + "\n".join(found)


def assert_fits(page: Page) -> None:
    """Fail if the page is wider than the window."""
    settled(page)
    too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert too_wide <= 0, f"{page.url} is {too_wide} pixels too wide."


def screenshot(page: Page, name: str, folder: Path) -> Path:
    """Save a screenshot as `<name>.png` in `folder`, or in that of SIGNALMAN_SCREENSHOTS."""
    settled(page)
    target = os.environ.get(SCREENSHOTS, "")
    path = (REPOSITORY / target if target else folder) / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    return path


def _violations(page: Page, scheme: str) -> list[str]:
    _show(page, scheme)
    settled(page)
    answer: dict[str, Any] = Axe().run(page, options=_RULES).response
    return [
        f"{scheme}: {rule['id']} ({rule['impact']}): {rule['help']}: {_targets(rule)}"
        for rule in answer["violations"]
        if rule["impact"] in _GRAVE
    ]


def _targets(rule: dict[str, Any]) -> str:
    return "; ".join(f"{node['target']} {node['html'][:200]}" for node in rule["nodes"][:5])


def _is_dark(page: Page) -> bool:
    is_dark: bool = page.evaluate("document.documentElement.classList.contains('dark')")
    return is_dark


def _show(page: Page, scheme: str) -> None:
    """Switch the colour scheme by its class, as the portal's own switch does."""
    page.evaluate(
        "(scheme) => ['light', 'dark'].forEach((name) =>"
        " document.documentElement.classList.toggle(name, name === scheme))",
        scheme,
    )
