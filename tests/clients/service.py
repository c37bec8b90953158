"""Signalman with Local Azure, as clients in other programs use it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.demo.processes import CELERY, Programs, free_port, web_server
from localazure import seed
from tests.cloud import LocalAzure
from tests.waits import wait_until

ACCEPTED = {200, 204}
# The application whose tokens the API accepts.
AUDIENCE = seed.UPSTREAM_APP_ID


@dataclass(frozen=True)
class Service:
    """A running portal, worker and Local Azure; `token` may do everything."""

    programs: Programs
    cloud: LocalAzure
    url: str
    token: str

    def environment(self, instance: str) -> dict[str, str]:
        """Return a client's environment: the URL of the API, its token and the instance."""
        return {
            **os.environ,
            "SIGNALMAN_URL": self.url,
            "SIGNALMAN_TOKEN": self.token,
            "SIGNALMAN_INSTANCE": instance,
            "AZURE_SUBSCRIPTION_ID": seed.SUBSCRIPTION_ID,
        }

    def entra_token(self, *roles: str) -> str:
        """Return an access token of an application that has these app roles."""
        asked = {"resource": AUDIENCE, "principal": seed.CHAT, "claims": {"roles": list(roles)}}
        return str(self.cloud.post("/_local/tokens", asked)["token"])

    def wait_for_deliveries(self, instance: str) -> None:
        """Wait until a delivery of the instance is stored; deliveries are written in batches."""
        wait_until(lambda: instance in self._delivered(), "The delivery is not stored.")

    def _delivered(self) -> set[str]:
        counts = json.loads(_manage(self.programs, "deliveries", "--json"))
        return {count["instance"] for count in counts}

    def wait_for_accepted_event(self, instance: str) -> None:
        """Send the event of a client that connects until the receiver accepts it.

        The receiver learns of an apply up to SIGNALMAN_POLICY_SECONDS after its end.
        """
        wait_until(
            lambda: self.send_event(instance)["status"] in ACCEPTED, "The event is not accepted."
        )

    def send_event(self, instance: str) -> dict[str, Any]:
        """Send the event of a client that connects; return the result of the upstream request."""
        event = {"hub": "chat", "category": "connections", "event": "connected"}
        answer: dict[str, Any] = self.cloud.post(
            "/_local/events", {"instance": instance, "connectionId": "one", **event}
        )
        return answer


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """Run all programs with a new database in `folder`, until the end of the block."""
    port = free_port()
    with LocalAzure(folder) as cloud, Programs(folder, _environment(folder)) as programs:
        programs.environment |= cloud.environment
        cloud.post("/_local/operations", {"polls": 1, "retryAfter": 0})
        _manage(programs, "migrate", "--verbosity", "0")
        user = ("--username", "pipeline", "--email", "pipeline@localhost")
        _manage(programs, "createsuperuser", "--noinput", *user)
        token = _manage(programs, "create_token", "pipeline", "--scope", "write").strip()
        programs.start("portal", web_server(port, workers=1))
        programs.wait_for_port("portal", port)
        worker = [CELERY, "--app", "config", "worker", "--beat", "--pool", "threads"]
        programs.start("worker", [*worker, "--concurrency", "2"])
        yield Service(programs, cloud, f"http://localhost:{port}", token)


def _environment(folder: Path) -> dict[str, str]:
    return {
        "SIGNALMAN_SECRET_KEY": secrets.token_urlsafe(48),
        "SIGNALMAN_DATA_DIR": str(folder),
        "SIGNALMAN_DATABASE_URL": f"sqlite:///{folder / 'signalman.sqlite3'}",
        "SIGNALMAN_BROKER_URL": "filesystem://",
        "SIGNALMAN_APPS": "examples.chat",
        "SIGNALMAN_SCHEDULE_SECONDS": "0.5",
        "SIGNALMAN_POLL_SECONDS": "0.1",
        "SIGNALMAN_POLICY_SECONDS": "0.1",
        "SIGNALMAN_API_TENANT_ID": seed.TENANT_ID,
        "SIGNALMAN_API_AUDIENCES": AUDIENCE,
        "DJANGO_SUPERUSER_PASSWORD": secrets.token_urlsafe(12),
    }


def _manage(programs: Programs, *arguments: str) -> str:
    outcome = programs.manage(*arguments)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout
