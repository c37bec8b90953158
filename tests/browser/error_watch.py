"""Detection of page errors: requests to other hosts, script errors, policy violations."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

# Schemes of requests without a host.
_HOSTLESS = frozenset({"data", "blob", "about"})
_IS_SETTLED = """
() => document.fonts.status === "loaded"
  && document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling") === null
  && document.getAnimations().every((one) => one.playState !== "running")
"""


class Watch:
    """Collect the errors of pages, which may send requests to `hosts` only.

    Chromium reports policy violations, responses with status 400 and above, and script errors on
    the console.
    """

    def __init__(self, hosts: frozenset[str]) -> None:
        self._hosts = hosts
        self._allowed: list[str] = []
        self._wrong: list[str] = []

    def follow(self, context: BrowserContext) -> None:
        """Watch every page of a browser context."""
        context.on("request", self._on_request)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)

    def allow(self, text: str) -> None:
        """Ignore errors that contain `text`."""
        self._allowed.append(text)

    def wrong(self) -> list[str]:
        """Return the errors that are not allowed."""
        return [line for line in self._wrong if not any(text in line for text in self._allowed)]

    def assert_nothing_wrong(self) -> None:
        """Fail with all errors that are not allowed."""
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
    """Wait until the page and its fonts are loaded, and htmx and animations have finished.

    The network never becomes idle on a page that refreshes itself.
    """
    page.wait_for_load_state("load")
    page.wait_for_function(_IS_SETTLED)
