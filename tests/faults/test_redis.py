"""Several workers on Redis apply a fleet, and are killed at random moments."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.faults.conftest import Count
from tests.faults.invariants import calm
from tests.faults.runs import RUNS
from tests.faults.test_kills import (
    CALL_SECONDS,
    SLOW_CALLS,
    SURE_CALLS,
    assert_written_once,
    calls_of_an_instance,
    wait_for_calls,
)
from tests.redis_server import redis_server
from tests.sync.portal import Portal, new_portal
from tests.sync.worker import SIGNED, unmanaged

pytestmark = pytest.mark.slow

NAMES = [f"contoso-fleet-{number}" for number in range(RUNS)]
WORKERS = 3
KILLS = max(RUNS // 2, 1)
# The fewest requests of all applies; the kills are spread over them.
CALLED = SURE_CALLS * len(NAMES)
SET_DESIRED = f"""
from identities.models import ManagedIdentity, SignalRInstance
from sync.desired.history import Author, changing_desired
from sync.desired.management_policy import Policy, set_policy
from upstreams.url_templates.arm_json import load_templates
for instance in SignalRInstance.objects.filter(name__in={NAMES!r}):
    set_policy(instance, Policy.MANAGE, who="ada")
    with changing_desired(instance, Author("ada", "set all")):
        instance.identity.become(ManagedIdentity.Type.SYSTEM_ASSIGNED)
        load_templates(instance, [{SIGNED!r}])
"""


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Iterator[Portal]:
    """A portal on a Redis server, with an identity and a template desired for each instance."""
    instances = [{"name": name, "resourceGroup": seed.REALTIME_GROUP} for name in NAMES]
    local_azure.seed(instances=instances)
    with redis_server(tmp_path) as address:
        shared = {
            "SIGNALMAN_BROKER_URL": f"{address}/0",
            "SIGNALMAN_CACHE_URL": f"{address}/1",
            "SIGNALMAN_LEASE_SECONDS": "10",
        }
        portal = new_portal(tmp_path, NAMES[0], **shared)
        outcome = portal.manage("shell", "-c", SET_DESIRED)
        assert outcome.returncode == 0, outcome.stderr
        yield portal


def test_fleet_is_applied_once_whichever_workers_are_killed(
    local_azure: LocalAzure, portal: Portal, count: Count
) -> None:
    before = {name: unmanaged(calm(name)) for name in NAMES}
    local_azure.post("/_local/operations", {"polls": 1, "seconds": 1})
    local_azure.post("/_local/faults", [SLOW_CALLS])
    begun = len(calls_of_an_instance(local_azure))
    assert portal.manage("apply", *NAMES, "--yes").returncode == 2
    # Reproducible.
    random = Random(len(NAMES))  # noqa: S311
    with ExitStack() as running:
        running.enter_context(portal.beat())
        workers = [running.enter_context(portal.worker(beats=False)) for _ in range(WORKERS)]
        for number in range(KILLS):
            count("one of several workers killed")
            wait_for_calls(local_azure, begun + CALLED * (number + 1) // (KILLS + 1))
            time.sleep(random.uniform(0, 2 * CALL_SECONDS))
            doomed = random.randrange(WORKERS)
            os.killpg(workers[doomed].pid, signal.SIGKILL)
            workers[doomed] = running.enter_context(portal.worker(beats=False))
        operations = portal.wait_until_ended()
    assert len(operations) == len(NAMES)
    for operation in operations:
        assert (operation["state"], operation["error"]) == ("succeeded", None)
        assert_written_once(local_azure, operation)
    for name in NAMES:
        after = calm(name)
        assert after["identity"]["type"] == "SystemAssigned"
        (template,) = after["properties"]["upstream"]["templates"]
        assert template["urlTemplate"] == SIGNED["urlTemplate"]
        assert unmanaged(after) == before[name]
    assert portal.manage("drift", *NAMES).returncode == 0
