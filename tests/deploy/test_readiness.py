"""A web server whose cache, queue and database go away: its probes, and what it serves."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.config.web import serving
from tests.deploy.test_processes import wait_until_ready
from tests.postgres_server import postgres_server
from tests.redis_server import redis_server
from tests.sync.portal import new_portal
from tests.upstreams.receiver.conftest import RESOURCE
from tests.upstreams.receiver.hostile import HERE, sent
from tests.upstreams.receiver.requests import json_call

pytestmark = pytest.mark.slow


def test_only_roles_that_need_a_store_become_unready(
    local_azure: LocalAzure, tmp_path: Path
) -> None:
    order = {"principal": seed.CHAT, "resource": RESOURCE}
    headers = dict(sent(local_azure.post("/_local/tokens", order)["token"]))
    with ExitStack() as stores:
        redis = stores.enter_context(ExitStack())
        postgres = stores.enter_context(postgres_server())
        address = redis.enter_context(redis_server(tmp_path))
        portal = new_portal(
            tmp_path,
            seed.CHAT,
            SIGNALMAN_DATABASE_URL=postgres.get_uri(),
            SIGNALMAN_CACHE_URL=f"{address}/0",
            SIGNALMAN_BROKER_URL=f"{address}/1",
            SIGNALMAN_APPS="examples.chat",
        )
        url = stores.enter_context(serving(portal.environment))

        def probe(role: str) -> tuple[int, dict[str, str]]:
            answer = requests.get(f"{url}/readyz/{role}", timeout=60)
            checks = answer.json()["checks"]
            return answer.status_code, {
                name: check["status"] for name, check in checks.items() if check["status"] != "ok"
            }

        def receive() -> int:
            answer = requests.post(url + HERE, json_call(["hi"]), headers=headers, timeout=60)
            return answer.status_code

        wait_until_ready(int(url.rpartition(":")[2]), "receiver")
        assert probe("receiver") == probe("portal") == (200, {})
        assert probe("worker") == (503, {"worker": "failed"})
        assert receive() == 200

        redis.close()
        assert probe("receiver") == (200, {})
        assert probe("portal") == (200, {"cache": "degraded"})
        assert receive() == 200
        assert requests.get(f"{url}/admin/login/", timeout=60).status_code == 200

        postgres.stop()
        assert probe("receiver") == (200, {})
        failed = {"database": "failed", "migrations": "failed", "cache": "degraded"}
        assert probe("portal") == (503, failed)
        assert receive() == 200

        postgres.ensure_postgres_running()
        assert probe("portal") == (200, {"cache": "degraded"})
