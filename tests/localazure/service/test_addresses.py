from __future__ import annotations

from pathlib import Path

import pytest
import requests

from examples.demo.processes import free_port
from localazure import seed
from tests.cloud import LocalAzure

pytestmark = pytest.mark.slow


def test_instance_has_a_port_of_its_own(tmp_path: Path) -> None:
    port = free_port()
    option = ("--instance-port", f"{seed.CHAT}={port}")
    with LocalAzure(tmp_path, *option) as cloud:

        def status(url: str) -> int:
            return requests.get(url, verify=str(cloud.ca_file), timeout=20).status_code

        assert status(f"https://localhost:{port}/api/health") == 200
        assert status(f"https://localhost:{port}/_local/requests") == 404
        assert status(f"{cloud.url}/signalr/{seed.CHAT}/api/health") == 200
        assert status(f"{cloud.url}/_local/requests") == 200


def test_serves_clients_only_without_tls(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://localhost:{port}"
    with LocalAzure(tmp_path, "--client-port", str(port)) as cloud:
        negotiate = f"/signalr/{seed.CHAT}/client/negotiate?hub=chat&negotiateVersion=1"
        assert requests.post(url + negotiate, timeout=20).status_code == 401
        for path in (f"/signalr/{seed.CHAT}/api/health", "/_local/requests", "/subscriptions"):
            assert requests.get(url + path, timeout=20).status_code == 404, path
        assert requests.get(
            f"{cloud.url}/_local/requests", verify=str(cloud.ca_file), timeout=20
        ).ok
