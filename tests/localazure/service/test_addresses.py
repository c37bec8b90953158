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
