"""RabbitMQ and Redis servers: what the queue does, and what happens while they are suspended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.config.outages.test_broker_outage import ANSWER_SECONDS, END_SECONDS, apply
from tests.config.web import secret_of_an_operator, serving, session
from tests.rabbitmq_server import RabbitMQ, rabbitmq_server
from tests.shape.stores import Redis
from tests.sync.portal import Portal, new_portal
from tests.sync.worker import UNSIGNED
from tests.waits import wait_until

pytestmark = pytest.mark.slow

# Of a worker with a schedule, each with its own line; and how long the broker is away.
PROCESSES: Final = ("schedule", "worker")
OUTAGE_SECONDS: Final = 10
# So that an operation that runs soon was announced by a message.
NO_SCHEDULE: Final = {"SIGNALMAN_SCHEDULE_SECONDS": "3600"}


@pytest.fixture(params=["rabbitmq", "redis"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RabbitMQ | Redis]:
    """A server of each kind."""
    if request.param == "rabbitmq":
        with rabbitmq_server(tmp_path) as server:
            yield server
    else:
        redis = Redis(tmp_path, is_stored=False)
        yield redis
        redis.kill()


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path, broker: RabbitMQ | Redis) -> Portal:
    """A portal on the broker, with a change to apply."""
    portal = new_portal(tmp_path, seed.LAB, SIGNALMAN_BROKER_URL=broker.url)
    document = tmp_path / "templates.json"
    document.write_text(json.dumps([UNSIGNED]))
    outcome = portal.manage("set_upstream", seed.LAB, str(document))
    assert outcome.returncode == 0, outcome.stderr
    return portal


@contextmanager
def caller_of(portal: Portal) -> Iterator[tuple[str, requests.Session]]:
    """Serve the portal; give its address, and a session of a user who may apply."""
    secret = secret_of_an_operator(portal)
    with serving(portal.environment) as address, session(secret) as caller:
        yield address, caller


@contextmanager
def ready_worker(portal: Portal, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker with the schedule, and wait until it has run a task that it announced."""
    with portal.worker() as worker:
        wait_until(lambda: is_ready(f"{address}/readyz/worker"), "The worker runs no task.")
        yield worker


def is_ready(url: str) -> bool:
    return requests.get(url, timeout=ANSWER_SECONDS).ok


def assert_ends(worker: subprocess.Popen[bytes]) -> None:
    """Assert that SIGTERM ends a worker and the process of its schedule."""
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(END_SECONDS) == 0
    wait_until(lambda: not is_group(worker.pid), "The schedule does not end.")


def is_group(number: int) -> bool:
    """Return whether a process group has processes."""
    try:
        os.killpg(number, 0)
    except ProcessLookupError:
        return False
    return True


def test_message_runs_operation(portal: Portal) -> None:
    portal.environment |= NO_SCHEDULE
    with portal.worker(beats=False) as worker:
        outcome = portal.manage("apply", seed.LAB, "--yes")
        assert outcome.returncode in {0, 2}, outcome.stderr
        assert [each["state"] for each in portal.wait_until_ended()] == ["succeeded"]
        assert_ends(worker)


def test_operations_continue_after_broker_was_suspended(
    portal: Portal, broker: RabbitMQ | Redis
) -> None:
    with caller_of(portal) as (address, caller), ready_worker(portal, address) as worker:
        with broker.suspended():
            assert apply(address, caller, seed.LAB).status_code == 202
            for path in ("/livez", "/admin/login/", "/api/v1/schema/"):
                assert is_ready(address + path), path
        assert [each["state"] for each in portal.wait_until_ended()] == ["succeeded"]
        assert_ends(worker)


def test_sigterm_ends_worker_while_broker_is_suspended(
    portal: Portal, broker: RabbitMQ | Redis
) -> None:
    with caller_of(portal) as (address, caller):
        with ready_worker(portal, address) as worker, broker.suspended():
            assert apply(address, caller, seed.LAB).status_code == 202
            assert_ends(worker)
        with portal.worker():
            assert [each["state"] for each in portal.wait_until_ended()] == ["succeeded"]


def test_log_has_one_line_as_broker_stops_and_one_as_it_is_back(
    portal: Portal, broker: RabbitMQ | Redis, tmp_path: Path
) -> None:
    portal.environment |= {"SIGNALMAN_LOG_FORMAT": "json"}
    with serving(portal.environment) as address, ready_worker(portal, address) as worker:
        broker.kill()
        wait_until(lambda: len(lines(tmp_path)) >= len(PROCESSES), "The outage is not logged.")
        # Several attempts, and several tasks of the schedule.
        time.sleep(OUTAGE_SECONDS)
        assert sorted(lines(tmp_path)) == [f"The {each} cannot use" for each in PROCESSES]
        broker.start()
        wait_until(lambda: len(lines(tmp_path)) >= 2 * len(PROCESSES), "It is not used again.")
        # Before the end, at which kombu may log that it returns a message to the queue.
        assert sorted(lines(tmp_path)) == sorted(
            f"The {each} {what} use" for each in PROCESSES for what in ("can", "cannot")
        )
        assert_ends(worker)


def lines(folder: Path) -> list[str]:
    """Return the first words of each line of the worker's log; a greeting is not JSON."""
    log = (folder / "worker.log").read_text().splitlines()
    entries = [json.loads(line) for line in log if line.startswith("{")]
    assert not any("exception" in entry for entry in entries)
    return [" ".join(entry["message"].split()[:4]) for entry in entries]
