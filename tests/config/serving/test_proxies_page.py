"""nginx with the configuration on the page about proxies does what the page requires."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from config.environment_variables import VARIABLES, receiver
from tests.cloud import REPOSITORY
from tests.nginx import nginx

PAGE = (REPOSITORY / "docs" / "how-to" / "deploy" / "proxies.md").read_text(encoding="utf-8")
NAMES = {variable.name for variable in VARIABLES}


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


class Echo(BaseHTTPRequestHandler):
    """Answers with the request's headers as JSON, or with a style sheet."""

    def do_GET(self) -> None:
        kind = "text/css" if self.path.endswith(".css") else "application/json"
        content = json.dumps({**self.headers, "filler": "x" * 5000}).encode()
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"strong"')
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815  the base class's name

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@dataclass(frozen=True)
class Proxy:
    """The page's nginx in front of an `Echo`: its two addresses, and the CA of its certificate."""

    plain: str
    secure: str
    ca_file: str

    def get(self, path: str, **headers: str) -> requests.Response:
        """Send a GET over TLS."""
        sent = {"Host": "signalman.example.com", **headers}
        return requests.get(self.secure + path, headers=sent, verify=self.ca_file, timeout=10)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Run nginx with the page's configuration, as a site of a server that compresses."""
    backend = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=backend.serve_forever, args=(0.02,)).start()
    changes = {"127.0.0.1:8000": f"127.0.0.1:{backend.server_port}"}
    compression = "gzip on;\ngzip_proxied any;"
    folder = tmp_path_factory.mktemp("nginx")
    try:
        with nginx(folder, snippet("nginx"), changes, directives=compression) as running:
            yield Proxy(
                f"http://127.0.0.1:{running.plain_port}",
                f"https://localhost:{running.port}",
                running.ca_file,
            )
    finally:
        backend.shutdown()
        backend.server_close()


@pytest.mark.slow
def test_nginx_sets_headers_as_page_requires(proxy: Proxy) -> None:
    spoofed = {"X-Forwarded-Proto": "http", "X-Forwarded-For": "203.0.113.7"}
    seen = proxy.get("/api/v1/instances/", **spoofed).json()
    assert seen["X-Forwarded-Proto"] == "https"
    assert seen["X-Forwarded-For"] == "203.0.113.7, 127.0.0.1"
    assert seen["Host"] == "signalman.example.com"


@pytest.mark.slow
def test_nginx_does_not_compress_json(proxy: Proxy) -> None:
    found = proxy.get("/api/v1/instances/", **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in found.headers
    assert found.headers["ETag"] == '"strong"'
    styles = proxy.get("/static/a.css", **{"Accept-Encoding": "gzip"})
    assert styles.headers["Content-Encoding"] == "gzip"


@pytest.mark.slow
def test_nginx_redirects_to_https(proxy: Proxy) -> None:
    found = requests.post(
        f"{proxy.plain}/upstream/chat/?a=1",
        headers={"Host": "signalman.example.com"},
        allow_redirects=False,
        timeout=10,
    )
    assert found.status_code == 308
    assert found.headers["Location"] == "https://signalman.example.com/upstream/chat/?a=1"


@pytest.mark.slow
def test_nginx_hides_metrics_and_accepts_whole_bodies(proxy: Proxy) -> None:
    assert proxy.get("/metrics").status_code == 404
    body = b"x" * receiver.BODY_BYTES.default
    found = requests.post(f"{proxy.secure}/upstream/x/", body, verify=proxy.ca_file, timeout=10)
    assert found.status_code == 200


def test_page_names_only_variables_that_exist() -> None:
    assert set(re.findall(r"SIGNALMAN_[A-Z_]+", PAGE)) <= NAMES
