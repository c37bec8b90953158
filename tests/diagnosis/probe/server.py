"""A receiver that answers with one status, and the command's line on it."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.diagnosis.test_checklist import run_command

REFERENCE = "{@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/code)}"


class Server:
    """Answers every POST with one status, and notes what came."""

    def __init__(self) -> None:
        self.status = 401
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.came.append((self.path, dict(self.headers), body))
                self.send_response(server.status)
                self.send_header("Location", server.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep quiet."""

        self.web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.web.server_address[1]}"


def answers(*arguments: str) -> dict[str, str]:
    """Return the command's line on whether the one template's address answers."""
    printed, _ = run_command("chat-prod", "--json", *arguments)
    [line] = [each for each in json.loads(printed) if each["key"] == "templates[0].answers"]
    found: dict[str, str] = line
    return found
