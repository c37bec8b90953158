from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from localazure import seed
from sync.azure import arm_client, arm_settings


@pytest.mark.usefixtures("local_azure")
def test_a_process_has_one_client_for_a_subscription() -> None:
    assert arm_client(seed.SUBSCRIPTION_ID) is arm_client(seed.SUBSCRIPTION_ID)


@pytest.mark.parametrize(
    "endpoint", ["http://management.azure.com", "management.azure.com", "https://", "https://a:b"]
)
def test_an_endpoint_in_clear_is_refused(settings: Settings, endpoint: str) -> None:
    settings.SIGNALMAN_ARM_ENDPOINT = endpoint
    with pytest.raises(ImproperlyConfigured, match="SIGNALMAN_ARM_ENDPOINT"):
        arm_settings()
