"""What a measurement stands on: Local Azure, an imported fleet, real tokens, running contenders."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests

from benchmarks.receiver import load
from benchmarks.receiver.contenders import Contender
from benchmarks.receiver.load import LoadFailed
from examples.demo.azure import LocalAzure
from examples.demo.processes import PYTHON, ROOT, Programs, free_port

_ENVIRONMENTS: Final = ROOT / "var" / "bench"
# Of Local Azure's built-in fleet: an instance with an identity and a signed template.
INSTANCE: Final = "contoso-chat"
_PRINCIPAL_ID: Final = "eeeeeeee-0000-4000-8000-000000000001"
RESOURCE: Final = "api://signalman-upstream"
PATH: Final = f"/upstream/{INSTANCE}/"
# An instance sends one token for hours; several stand for several of its nodes.
_TOKENS: Final = 8


@dataclass(frozen=True)
class Stage:
    """Running contenders by key, at their addresses, and the tokens to call them with."""

    programs: Programs
    azure: LocalAzure
    addresses: dict[str, str]
    # Those that the instance's identity would send.
    tokens: Sequence[str]
    pids: dict[str, int]
    azure_pid: int

    @property
    def token(self) -> str:
        """One of the tokens."""
        return self.tokens[0]

    def start(self, contender: Contender) -> None:
        """Start one, and wait until its port is open."""
        port = free_port()
        command = contender.command(_ENVIRONMENTS, port)
        self.pids[contender.key] = self.programs.start(contender.key, command).pid
        self.programs.wait_for_port(contender.key, port)
        self.addresses[contender.key] = f"http://127.0.0.1:{port}{PATH}"

    def port(self, contender: Contender) -> int:
        """Return the port of one that runs."""
        return urlsplit(self.addresses[contender.key]).port or 0

    def fresh_tokens(self, number: int) -> list[str]:
        """Return tokens of the instance's identity that no server has seen."""
        return [
            self.azure.token(INSTANCE, RESOURCE, claims={"uti": secrets.token_hex(8)})
            for _ in range(number)
        ]

    def measure(self, contender: Contender, seconds: float) -> load.Measure:
        """Load one contender for so long, the others idle."""
        address, pid = self.addresses[contender.key], self.pids[contender.key]
        file = self.programs.folder / f"{contender.method}.requests"
        if not file.exists():
            load.write_requests(file, PATH, self.tokens, contender.method)
        return load.run(self.programs, address, pid, load.Stream(file), seconds)


@contextmanager
def stage(
    folder: Path, contenders: Sequence[Contender], environment: Mapping[str, str] | None = None
) -> Iterator[Stage]:
    """Start everything in an empty folder; leaving it ends everything. Raises LoadFailed.

    `environment` adds to the environment variables, or replaces some.
    """
    _ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with Programs(folder, _environment(folder) | dict(environment or {})) as programs:
        for contender in contenders:
            contender.install(programs, _ENVIRONMENTS)
        azure, azure_pid = _start_azure(programs)
        tokens = [azure.token(INSTANCE, RESOURCE) for _ in range(_TOKENS)]
        _import_fleet(programs)
        running = Stage(programs, azure, {}, tokens, {}, azure_pid)
        forged = azure.token(INSTANCE, RESOURCE, key="unknown")
        for contender in contenders:
            running.start(contender)
            _check(contender, running.addresses[contender.key], tokens[0], forged)
        yield running


def _environment(folder: Path) -> dict[str, str]:
    return {
        "SIGNALMAN_SECRET_KEY": "measures-only-and-signs-nothing",
        "SIGNALMAN_DATA_DIR": str(folder),
        "SIGNALMAN_DATABASE_URL": f"sqlite:///{folder / 'signalman.sqlite3'}",
        "SIGNALMAN_APPS": "examples.chat,benchmarks.receiver.handlers",
        "SIGNALMAN_LOG_LEVEL": "WARNING",
    }


def _start_azure(programs: Programs) -> tuple[LocalAzure, int]:
    """Start Local Azure, and point the programs that follow, rivals included, at it.

    Returns it and its process ID.
    """
    port, ca_file = free_port(), str(programs.folder / "ca.pem")
    options = ["--port", str(port), "--ca-file", ca_file]
    process = programs.start("localazure", [PYTHON, "-m", "localazure", *options])
    programs.wait_for_line("localazure", "Local Azure ready at")
    printed = programs.run(PYTHON, "-m", "localazure", "env", *options).stdout
    exports = dict(
        word.split("=", 1) for word in shlex.split(printed.replace("export ", "")) if "=" in word
    )
    programs.environment |= exports
    programs.environment |= {
        "AUTHORITY": exports["AZURE_AUTHORITY_HOST"].rstrip("/"),
        "TENANT": exports["AZURE_TENANT_ID"],
        "AUDIENCE": RESOURCE,
        "PRINCIPAL": _PRINCIPAL_ID,
        "SSL_CERT_FILE": ca_file,
        "NODE_EXTRA_CA_CERTS": ca_file,
        "NODE_ENV": "production",
    }
    return LocalAzure(f"https://localhost:{port}", ca_file, exports), process.pid


def _import_fleet(programs: Programs) -> None:
    for command in (["migrate", "--verbosity", "0"], ["import_instances"]):
        done = programs.manage(*command)
        if done.returncode:
            raise LoadFailed(f"manage.py {command[0]} failed: {done.stderr[-500:]}")


def _check(contender: Contender, address: str, token: str, forged: str) -> None:
    """Raise LoadFailed unless the contender answers the call and refuses a forged token."""
    answer = _call(contender, address, token)
    if answer.status_code != HTTPStatus.OK or answer.content != load.ANSWER:
        raise LoadFailed(
            f"{contender.title} answered {answer.status_code} {answer.content[:200]!r}"
        )
    if (
        contender.checks_tokens
        and _call(contender, address, forged).status_code != HTTPStatus.UNAUTHORIZED
    ):
        raise LoadFailed(f"{contender.title} accepts an unsigned token.")


def _call(contender: Contender, address: str, token: str) -> requests.Response:
    headers = load.headers(token, method=contender.method)
    return requests.post(address, data=load.body(contender.method), headers=headers, timeout=30)
