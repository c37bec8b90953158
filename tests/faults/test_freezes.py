"""A worker is frozen while it sends a step, overtaken and resumed: it writes nothing late."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure
from tests.faults import faults
from tests.faults.conftest import Count
from tests.faults.invariants import ACCEPTED
from tests.faults.runs import RUNS
from tests.faults.self_stop.apps import FLAG
from tests.faults.watching_proxy import Stage, WatchingProxy
from tests.sync.portal import Portal, new_portal
from tests.sync.worker import SIGNED, raw
from tests.waits import LOOK_SECONDS, PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.slow

# Each takes some twenty seconds. SIGNALMAN_FAULT_RUNS=250 for fifty.
FREEZES: Final = max(RUNS // 5, 1)
# Of the desired state: as imported; then with an identity, then with a template too.
SIGNED_REVISION, IMPORTED_REVISION = 3, 1
# When it is frozen, in turns: when its connection is open, which is followed by the check of its
# lease and that by the request; or at a stage of the connection, at which it waits for the other
# side. Never between the check and the request, where nothing can hold it back (see
# arm.transport.write_guard).
CONNECTED: Final = "connected"
MOMENTS: Final = (CONNECTED, Stage.CONNECT, CONNECTED, Stage.GREETING, Stage.REQUEST)
# While it keeps the database locked, which lasts for milliseconds, it is run in slices of time.
SLICE_SECONDS: Final = 0.0005
# So that each request, the write as well, opens a connection, which the proxy sees.
ONE_REQUEST_EACH: Final = {
    "method": "GET",
    "path": faults.INSTANCES,
    "times": None,
    "headers": {"Connection": "close"},
}
# For a worker that lost nothing, and therefore logs nothing.
RESUMED_SECONDS: Final = 3


# Runs a command for each line of standard input: starting Django for each takes seconds.
_CONSOLE: Final = """
import sys
from django.core.management import call_command
for line in sys.stdin:
    try:
        call_command(*line.split())
        code = 0
    except SystemExit as end:
        code = end.code
    print("ended with", code, flush=True)
"""


class Console:
    """Management commands in one process."""

    def __init__(self, portal: Portal) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "-v", "0", "-c", _CONSOLE],
            cwd=REPOSITORY,
            env=portal.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def apply_revision(self, revision: int) -> None:
        """Set the desired state to that of a revision, and start an apply of it."""
        assert self._process.stdin
        for command in (
            f"rollback {seed.PAYMENTS} {revision}",
            f"apply {seed.PAYMENTS} --yes --confirm-destructive --no-wait",
        ):
            self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def wait(self) -> None:
        """Wait for the two commands of `apply_revision`."""
        assert self._process.stdout
        codes: list[str] = []
        while len(codes) < 2:
            line = self._process.stdout.readline()
            assert line, "The console has ended."
            if line.startswith("ended with"):
                codes.append(line.split()[-1])
        assert set(codes) <= {"0", "2"}

    def close(self) -> None:
        self._process.kill()
        with self._process:
            pass


class Overtaking:
    """Two workers of one portal; the one that sends a step is frozen at a moment of its request."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "worker.log"
        self._database = folder / "signalman.sqlite3"
        self._proxy = WatchingProxy(self._watch)
        self.url = self._proxy.url
        # Of the frozen worker: its process, and the connection of its write.
        self._pid, self._connection = 0, 0
        self._flag = folder / FLAG
        self._moment: Stage | None = None
        self._is_frozen = threading.Event()
        self._has_sent = False

    def prepare(self, moment: Stage | str) -> None:
        """Freeze the next worker that sends a step at this moment."""
        self._is_frozen.clear()
        self._connection, self._has_sent = 0, False
        self._moment = moment if isinstance(moment, Stage) else None
        if self._moment is None:
            self._flag.touch()

    @contextmanager
    def frozen(self) -> Iterator[int]:
        """Wait until a worker is frozen; resume it at the end of the block."""
        if self._moment is None:
            wait_until(lambda: not self._flag.exists(), "The worker sends no step.")
            self._pid = self._claimant()
            wait_until(lambda: thread_states(self._pid) == {"T"}, "The worker does not stop.")
        else:
            assert self._is_frozen.wait(PATIENCE_SECONDS), "The worker sends no step."
        pid = self._pid
        try:
            # While it holds SQLite's only lock, no one could overtake it.
            self._run_while(pid, self._is_locked, "The worker keeps the database locked.")
            yield pid
        finally:
            os.kill(pid, signal.SIGCONT)

    def has_sent(self) -> bool:
        """Return whether the frozen worker has sent its write."""
        # What it has sent arrives within that time.
        time.sleep(LOOK_SECONDS)
        return self._has_sent

    def close(self) -> None:
        """Stop the proxy."""
        self._proxy.shutdown()
        self._proxy.server_close()

    def _watch(self, connection: int, stage: Stage) -> None:
        """Freeze the worker at the moment. Before its write it reads, and records the step then."""
        if (
            stage == Stage.CONNECT
            and self._moment is not None
            and not self._connection
            and self._is_sending()
        ):
            self._pid, self._connection = self._claimant(), connection
        if connection != self._connection:
            return
        self._has_sent |= stage == Stage.REQUEST
        if self._moment == stage and not self._is_frozen.is_set():
            stop(self._pid)
            self._is_frozen.set()

    def _run_while(self, pid: int, condition: Callable[[], bool], problem: str) -> None:
        """Let a frozen worker run, one slice of time after another, while the condition holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while condition():
            assert time.monotonic() < deadline, problem
            os.kill(pid, signal.SIGCONT)
            time.sleep(SLICE_SECONDS)
            stop(pid)

    def wait_until_lost(self, pid: int, operation: str) -> bool:
        """Return whether the resumed worker says that it lost its claim."""
        deadline = time.monotonic() + RESUMED_SECONDS
        while time.monotonic() < deadline:
            for line in self._log.read_text().splitlines():
                if not line.startswith("{"):
                    continue
                entry = json.loads(line)
                is_of_it = entry["process"] == pid and operation in entry["message"]
                if is_of_it and ("claimed by another" in line or "lease of" in line):
                    return True
            time.sleep(LOOK_SECONDS)
        return False

    def _claimant(self) -> int:
        """Return the process that claims an operation."""
        query = "SELECT lease_owner FROM sync_operation WHERE lease_owner != ''"
        ((owner,),) = self._rows(query)
        return int(owner.split(":")[1])

    def _is_sending(self) -> bool:
        return bool(self._rows("SELECT 1 FROM sync_operationstep WHERE state = 'sending'"))

    def _rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self._database)) as database:
            return database.execute(query).fetchall()

    def _is_locked(self) -> bool:
        with closing(sqlite3.connect(self._database, timeout=0.2)) as database:
            try:
                database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            database.rollback()
        return False


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Portal:
    """A portal that manages the hardened instance, with leases of two seconds."""
    portal = new_portal(
        tmp_path,
        seed.PAYMENTS,
        SIGNALMAN_LEASE_SECONDS="2",
        SIGNALMAN_LOG_FORMAT="json",
        SIGNALMAN_APPS="tests.faults.self_stop",
    )
    document = tmp_path / "templates.json"
    document.write_text(json.dumps([SIGNED]))
    portal.manage("set_identity", seed.PAYMENTS, "--system-assigned")
    outcome = portal.manage("set_upstream", seed.PAYMENTS, str(document))
    assert outcome.returncode == 0, outcome.stderr
    return portal


def test_resumed_worker_sends_nothing_late(
    local_azure: LocalAzure, portal: Portal, tmp_path: Path, count: Count
) -> None:
    local_azure.post("/_local/faults", [ONE_REQUEST_EACH])
    with ExitStack() as stack:
        console, overtaking = Console(portal), Overtaking(tmp_path)
        stack.callback(console.close)
        stack.callback(overtaking.close)
        portal.environment |= {"HTTPS_PROXY": overtaking.url, "NO_PROXY": ""}
        for _ in range(2):
            stack.enter_context(portal.worker(beats=False))
        stack.enter_context(portal.beat())
        for number in range(FREEZES):
            moment = MOMENTS[number % len(MOMENTS)]
            overtaking.prepare(moment)
            console.apply_revision(SIGNED_REVISION)
            with overtaking.frozen() as pid:
                was_sent = overtaking.has_sent()
                console.wait()
                wait_until_ended(tmp_path)
                # The newer operation takes everything back.
                console.apply_revision(IMPORTED_REVISION)
                console.wait()
                wait_until_ended(tmp_path)
            (old, old_state), (new, new_state) = operations(tmp_path)[-2:]
            is_lost = overtaking.wait_until_lost(pid, old)
            place = "after" if was_sent else "before"
            name = moment if isinstance(moment, str) else moment.name.lower()
            count(f"frozen at {name}, {place} its write")
            count(f"resumed {'without its claim' if is_lost else 'with nothing to do'}")
            assert (number, old_state, new_state) == (number, "succeeded", "succeeded")
            assert_order(local_azure, old, new)
            assert_as_imported()


def stop(pid: int) -> None:
    """Freeze a process, and wait until none of its threads runs: one could lock the database."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: thread_states(pid) == {"T"}, "The worker does not stop.")


def thread_states(pid: int) -> set[str]:
    """Return the states of a process's threads."""
    files = Path(f"/proc/{pid}/task").glob("*/stat")
    # After the name in parentheses.
    return {path.read_text().rpartition(")")[2].split()[0] for path in files}


def operations(folder: Path) -> list[tuple[str, str]]:
    """Return the ID of each operation, as it is sent to Azure, and its state; the oldest first."""
    with closing(sqlite3.connect(folder / "signalman.sqlite3")) as database:
        rows = database.execute("SELECT id, state FROM sync_operation ORDER BY created_at")
        return [(str(UUID(pk)), state) for pk, state in rows]


def wait_until_ended(folder: Path) -> None:
    """Wait until no operation is queued, running or propagating."""
    wait_until(
        lambda: {state for _, state in operations(folder)} <= {"succeeded", "failed"},
        "An operation does not end.",
    )


def writes(cloud: LocalAzure, operation: str) -> list[int]:
    """Return the places of an operation's accepted writes among all."""
    return [
        place
        for place, entry in enumerate(cloud.requests("PATCH"))
        if entry["headers"].get("x-ms-client-request-id") == operation
        and entry["served"] == ACCEPTED
    ]


def assert_order(cloud: LocalAzure, old: str, new: str) -> None:
    """Assert that both operations wrote, the older one nothing after the newer one."""
    older, newer = writes(cloud, old), writes(cloud, new)
    assert older
    assert newer
    assert max(older) < min(newer)


def assert_as_imported() -> None:
    """Assert that Azure has neither identity nor templates."""
    document = raw(seed.PAYMENTS)
    assert not document["properties"]["upstream"]["templates"]
    assert "identity" not in document
