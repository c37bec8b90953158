"""A reader of the portal: signs in, follows links by their text, and reads pages as lines."""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import urljoin

import requests

_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_LINK: Final = re.compile(r'<a\b[^>]*\bhref="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_UNSEEN: Final = re.compile(r"<(script|style|svg|template)\b.*?</\1>|<!--.*?-->", re.DOTALL)
_ICON: Final = re.compile(r"<span[^>]*material-symbols[^>]*>.*?</span>", re.DOTALL)
_ROW: Final = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")


class PortalReader:
    """A user of the portal at `url`."""

    def __init__(self, url: str, password: str) -> None:
        self._session = requests.Session()
        # Without the CA of Local Azure.
        self._session.trust_env = False
        page = self._session.get(f"{url}/admin/", timeout=30)
        found = _TOKEN.search(page.text)
        assert found is not None, page.text
        form = {"csrfmiddlewaretoken": found[1], "username": "admin", "password": password}
        home = self._session.post(page.url, data=form, headers={"Referer": page.url}, timeout=30)
        assert home.url == f"{url}/admin/", "The sign-in failed."
        self._home = home

    def read(self, links: list[str]) -> str:
        """Return the page that these links lead to, from the dashboard, as lines."""
        page = self._home
        for text in links:
            page = self._session.get(urljoin(page.url, _target(page.text, text)), timeout=30)
            page.raise_for_status()
        return _lines(page.text)


def _target(page: str, text: str) -> str:
    """Return the address of the first link with this text."""
    for address, content in _LINK.findall(page):
        if _words(content) == text:
            return html.unescape(address)
    raise AssertionError(f"The page has no link '{text}'.")


def _lines(page: str) -> str:
    """Return the visible text, a row of a table on a line."""
    seen = _ICON.sub("", _UNSEEN.sub("", page))
    rows = _ROW.sub(lambda row: f"<p>{html.escape(_words(row[0]))}</p>", seen)
    return html.unescape(_TAG.sub("\n", rows))


def _words(content: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", _ICON.sub("", content))).split())
