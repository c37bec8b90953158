"""What no page may do, whatever its test is about: ask another host, fail, or break its policy."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

# A request that has no host: what is embedded in a page, or made by it.
_HOSTLESS = frozenset({"data", "blob", "about"})
_IS_SETTLED = """
() => document.fonts.status === "loaded"
  && document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling") === null
  && document.getAnimations().every((one) => one.playState !== "running")
"""


class Watch:
    """Collects what goes wrong in the pages that it follows, which may ask `hosts` alone.

    Chromium reports each breach of a Content-Security-Policy, each answer from 400 on and each
    script's error on the console.
    """

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = hosts
        self._allowed: list[str] = []
        self._wrong: list[str] = []

    def follow(self, context: BrowserContext) -> None:
        """Watch every page of a browser."""
        context.on("request", self._on_request)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)

    def allow(self, text: str) -> None:
        """Take it that the console will show an error with `text`: the test makes it happen."""
        self._allowed.append(text)

    def wrong(self) -> list[str]:
        """Return what went wrong and was not allowed."""
        return [line for line in self._wrong if not any(text in line for text in self._allowed)]

    def assert_nothing_wrong(self) -> None:
        """Fail with all that went wrong."""
        found = self.wrong()
        assert not found, "\n".join(found)

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in _HOSTLESS and parts.netloc not in self._hosts:
            self._wrong.append(f"request to another host: {request.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._wrong.append(f"console: {message.text} ({message.location['url']})")

    def _on_error(self, error: WebError) -> None:
        self._wrong.append(f"script: {error.error}")


def settled(page: Page) -> None:
    """Wait until the page has loaded, htmx has its answers, and nothing moves.

    Not until the network is idle: a page with live parts keeps asking.
    """
    page.wait_for_load_state("load")
    page.wait_for_function(_IS_SETTLED)
