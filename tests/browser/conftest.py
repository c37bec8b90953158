"""Fixtures of the browser tests: a portal, Local Azure and a browser.

Each test module has its own portal on a fresh Local Azure, so tests of a module see the changes of
earlier ones. Each test has its own browser context without cookies.

Tests must not use the database: Playwright runs an event loop in their thread, where Django refuses
synchronous queries. Use `Portal.manage` and `Portal.python`.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from examples.demo.processes import Programs
from scripts.browser import NoBrowser, found
from tests.browser.error_watch import Watch
from tests.browser.portal import Portal, environment, prepare, serve
from tests.cloud import LocalAzure

WIDE: Final = {"width": 1440, "height": 900}
NARROW: Final = {"width": 390, "height": 844}
# Milliseconds. Long, because other tests run at the same time.
_TIMEOUT: Final = 120_000
_FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No host name resolves except this machine's.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, which `make test-browser` runs."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def browser(local_azure_process: LocalAzure) -> Iterator[Browser]:
    """Chromium that accepts Local Azure's certificate."""
    try:
        path = found()
    except NoBrowser as error:
        pytest.fail(str(error))
    if path is None:
        pytest.fail("Chromium was not found. Run `make test-browser`, or set SIGNALMAN_CHROMIUM.")
    flags = [*_FLAGS, f"--ignore-certificate-errors-spki-list={_pin(local_azure_process)}"]
    expect.set_options(timeout=_TIMEOUT)
    with sync_playwright() as tool:
        chromium = tool.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def prepared(local_azure_process: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with a user of each role and the built-in fleet."""
    local_azure_process.reset()
    return prepare(tmp_path_factory.mktemp("prepared"), local_azure_process)


@pytest.fixture(scope="module")
def portal_settings() -> dict[str, str]:
    """Further environment variables of the portal; override the fixture to set some."""
    return {}


@pytest.fixture(scope="module")
def portal(
    local_azure_process: LocalAzure,
    prepared: Path,
    portal_settings: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Portal]:
    """A portal without a worker: operations that it starts stay queued."""
    local_azure_process.reset()
    folder = tmp_path_factory.mktemp("portal")
    surroundings = environment(folder, local_azure_process, portal_settings)
    with Programs(folder, surroundings) as programs:
        yield serve(programs, local_azure_process, prepared)


@pytest.fixture(scope="module")
def worker(portal: Portal) -> None:
    """A worker for the module's portal."""
    portal.start_worker()


@pytest.fixture
def watch(portal: Portal) -> Iterator[Watch]:
    """Fail the test for requests to other hosts and for errors on any page.

    `watch.allow("403")` ignores errors that contain the text.
    """
    watching = Watch(frozenset(urlsplit(url).netloc for url in (portal.url, portal.azure.url)))
    yield watching
    watching.assert_nothing_wrong()


@pytest.fixture
def open_page(browser: Browser, portal: Portal, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page in a new context, with options of `new_context`."""
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> Page:
        usual = {"base_url": portal.url, "viewport": WIDE, "reduced_motion": "reduce"}
        context = browser.new_context(**(usual | options))
        context.set_default_timeout(_TIMEOUT)
        watch.follow(context)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page of desktop width, in light colours."""
    return open_page()


@pytest.fixture
def dark_page(open_page: Callable[..., Page]) -> Page:
    """A page with a dark colour scheme."""
    return open_page(color_scheme="dark")


@pytest.fixture
def narrow_page(open_page: Callable[..., Page]) -> Page:
    """A page of a phone's width."""
    return open_page(viewport=NARROW, has_touch=True)


def _pin(azure: LocalAzure) -> str:
    """Return the SHA-256 of Local Azure's public key in Base64."""
    pem = ssl.get_server_certificate(("localhost", azure.port), ca_certs=str(azure.ca_file))
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(encoded).digest()).decode("ascii")
