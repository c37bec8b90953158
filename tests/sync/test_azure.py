from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from localazure import seed
from sync.azure_client import arm_client, arm_settings
from sync.system_checks import check_endpoints
from tests.cloud import REPOSITORY


@pytest.mark.usefixtures("local_azure")
def test_one_client_per_subscription_and_process() -> None:
    assert arm_client(seed.SUBSCRIPTION_ID) is arm_client(seed.SUBSCRIPTION_ID)


@pytest.mark.parametrize(
    "endpoint", ["http://management.azure.com", "management.azure.com", "https://", "https://a:b"]
)
def test_refuses_endpoint_without_tls(settings: Settings, endpoint: str) -> None:
    settings.SIGNALMAN_ARM_ENDPOINT = endpoint
    with pytest.raises(ImproperlyConfigured, match="SIGNALMAN_ARM_ENDPOINT"):
        arm_settings()
    (message,) = check_endpoints()
    assert "never sends a token unencrypted" in str(message)


@pytest.mark.usefixtures("local_azure")
def test_refuses_graph_endpoint_without_tls(settings: Settings) -> None:
    assert check_endpoints() == []
    settings.SIGNALMAN_GRAPH_ENDPOINT = "http://graph.microsoft.com"
    (message,) = check_endpoints()
    assert "SIGNALMAN_GRAPH_ENDPOINT" in str(message)


@pytest.mark.slow
def test_command_explains_endpoint_without_tls() -> None:
    environment = os.environ | {"SIGNALMAN_ARM_ENDPOINT": "http://localhost:1"}
    command = [sys.executable, "manage.py", "plan", "contoso"]
    outcome = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 1
    assert "Traceback" not in outcome.stderr
    assert "SIGNALMAN_ARM_ENDPOINT must be an https address" in outcome.stderr
