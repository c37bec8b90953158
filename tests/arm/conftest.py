from __future__ import annotations

import socket

import pytest

from arm.client import ArmClient
from arm.settings import ArmSettings
from localazure.seed import SUBSCRIPTION_ID
from tests.cloud import LocalAzure


@pytest.fixture
def arm_settings(local_azure: LocalAzure) -> ArmSettings:
    """Point at Local Azure."""
    return ArmSettings(local_azure.url, instance_discovery=False)


@pytest.fixture
def client(arm_settings: ArmSettings) -> ArmClient:
    """Open the built-in subscription."""
    return ArmClient(SUBSCRIPTION_ID, arm_settings)


@pytest.fixture
def unused_port() -> int:
    """Return a local port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
