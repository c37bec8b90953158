"""Several web processes and a worker: what one of them knows, each of them shows."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from localazure import seed
from tests.cloud import LocalAzure
from tests.config.web import secret_of_an_operator, serving, session
from tests.sync.portal import Portal, new_portal
from tests.waits import LOOK_SECONDS, PATIENCE_SECONDS, wait_until

pytestmark = pytest.mark.slow
LAB = f"/api/v1/instances/{seed.LAB}"


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Portal:
    """A new portal with the built-in fleet, one instance of which wants an identity."""
    portal = new_portal(tmp_path, seed.LAB)
    portal.manage("set_identity", seed.LAB, "--system-assigned")
    portal.environment |= {"SIGNALMAN_LOG_FORMAT": "json", "SIGNALMAN_METRICS_SECONDS": "0.2"}
    return portal


def writes_to_azure(address: str) -> float:
    """Return how often Azure took a write, as one of the web processes says."""
    # A connection of its own, so that any of them may answer.
    answer = requests.get(f"{address}/metrics", headers={"Connection": "close"}, timeout=30)
    return sum(
        sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == "signalman_azure_requests_total" and sample.labels["method"] == "PATCH"
    )


def wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := requests.get(f"{address}/readyz", timeout=30)).ok:
        assert time.monotonic() < deadline, answer.text
        time.sleep(LOOK_SECONDS)


def applied(address: str, portal: Portal) -> str:
    """Apply the plan by a request of the name deploy-7, and return the operation's id."""
    with session(secret_of_an_operator(portal)) as caller:
        digest = caller.get(f"{address}{LAB}/plan/").json()["digest"]
        answer = caller.post(
            f"{address}{LAB}/apply/", json={"digest": digest}, headers={"X-Request-ID": "deploy-7"}
        )
    assert answer.status_code == 202, answer.text
    portal.wait_until_ended()
    return str(answer.json()["id"])


def test_what_a_worker_does_is_seen_from_every_web_process(portal: Portal, tmp_path: Path) -> None:
    with serving(portal.environment, workers=2) as address, portal.worker():
        wait_until_ready(address)
        operation = applied(address, portal)
        wait_until(lambda: writes_to_azure(address), "No write is counted.")
        assert {writes_to_azure(address) for _ in range(8)} == {1}
    # Celery prints its greeting.
    log = (tmp_path / "worker.log").read_text().splitlines()
    lines = [json.loads(line) for line in log if line.startswith("{")]
    (end,) = (line for line in lines if line["message"].endswith("succeeded."))
    assert (end["operation_id"], end["request_id"]) == (operation, "deploy-7")
