"""A portal as in production: a web server and a worker process, without DEBUG."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from examples.demo.processes import CELERY, Programs, free_port, web_server
from tests.cloud import LocalAzure
from tests.waits import wait_until

# The password of every user. It is not validated.
PASSWORD: Final = "a-password-for-tests"
ROLES: Final = ("viewer", "operator", "administrator")

_STOP_SECONDS: Final = 60
_DATABASE: Final = "signalman.sqlite3"
_CREATE_USERS: Final = f"""
from django.contrib.auth.models import Group, User
for role in {ROLES!r}:
    user = User.objects.create_user(role, password={PASSWORD!r}, is_staff=True)
    user.groups.add(Group.objects.get(name=role + "s"))
"""


class Portal:
    """Signalman in its own folder, at `url`, with Local Azure.

    It has the built-in fleet, and a user of each role with the name of the role.
    """

    def __init__(self, programs: Programs, azure: LocalAzure, port: int) -> None:
        self.azure = azure
        self.url = f"http://localhost:{port}"
        self._programs = programs
        self._port = port
        self._web: subprocess.Popen[bytes] | None = None

    def start_web(self) -> None:
        """Start the web server, and wait until it listens."""
        self._web = self._programs.start("web", web_server(self._port, workers=1))
        self._programs.wait_for_port("web", self._port)

    def stop_web(self) -> None:
        """Send SIGTERM to the web server, and wait until it has ended."""
        assert self._web is not None
        self._web.terminate()
        self._web.wait(_STOP_SECONDS)

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Run a management command, require success and return its output."""
        outcome = self._programs.manage(*arguments, stdin=stdin)
        assert outcome.returncode in {0, 2}, outcome.stdout + outcome.stderr
        return outcome.stdout

    def python(self, code: str) -> str:
        """Run Python in the portal's environment and return its output."""
        return self.manage("shell", "--no-imports", "--command", code)

    def send_event(self, instance: str, **event: Any) -> dict[str, Any]:
        """Let Local Azure send an upstream request as the service does; return its result."""
        answer: dict[str, Any] = self.azure.post(
            "/_local/events",
            {"instance": instance, "hub": "chat", "category": "messages", "event": "echo", **event},
        )
        return answer

    def send_accepted_event(self, instance: str, **event: Any) -> None:
        """Send an event until it is answered with 200.

        The receiver learns of an apply up to SIGNALMAN_POLICY_SECONDS after its end.
        """
        wait_until(
            lambda: self.send_event(instance, **event)["status"] == 200,
            "The event is not accepted.",
        )

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the counts of deliveries by reason."""
        rows: list[dict[str, Any]] = json.loads(self.manage("deliveries", "--json"))
        return rows

    def log(self, program: str) -> str:
        """Return the log of `web` or `worker`."""
        return self._programs.log(program)

    def start_worker(self) -> None:
        """Start a worker that ends with the portal."""
        command = [CELERY, "--app", "config", "worker", "--beat", "--pool", "threads"]
        self._programs.start("worker", [*command, "--concurrency", "2"])


def environment(folder: Path, azure: LocalAzure, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the programs of a portal in `folder`."""
    return {
        **azure.environment,
        "SIGNALMAN_SECRET_KEY": "a-secret-key-for-the-portal-of-the-browser-tests",
        "SIGNALMAN_DEBUG": "false",
        "SIGNALMAN_DATA_DIR": str(folder),
        "SIGNALMAN_DATABASE_URL": f"sqlite:///{folder / _DATABASE}",
        "SIGNALMAN_BROKER_URL": "filesystem://",
        "SIGNALMAN_APPS": "examples.chat",
        "SIGNALMAN_SCHEDULE_SECONDS": "0.5",
        "SIGNALMAN_POLL_SECONDS": "0.1",
        "SIGNALMAN_FLUSH_SECONDS": "0.1",
        "PYTHONUNBUFFERED": "1",
        **extra,
    }


def prepare(folder: Path, azure: LocalAzure) -> Path:
    """Create a database with a user of each role and the built-in fleet; return the file."""
    with Programs(folder, environment(folder, azure, {})) as programs:
        portal = Portal(programs, azure, 0)
        portal.manage("migrate", "--verbosity", "0")
        portal.python(_CREATE_USERS)
        portal.manage("import_instances")
    return folder / _DATABASE


def serve(programs: Programs, azure: LocalAzure, database: Path) -> Portal:
    """Start a portal in the folder of `programs` on a copy of a prepared database."""
    shutil.copy(database, programs.folder / _DATABASE)
    port = free_port()
    hosts = programs.environment.get("SIGNALMAN_RECEIVER_HOSTS", "").split(",")
    programs.environment["SIGNALMAN_RECEIVER_HOSTS"] = ",".join(
        filter(None, [*hosts, f"localhost:{port}"])
    )
    portal = Portal(programs, azure, port)
    portal.start_web()
    return portal
