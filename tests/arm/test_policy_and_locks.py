"""Refusals by Azure Policy, locks and unregistered providers are explained, and not retried."""

from __future__ import annotations

import pytest

from arm.errors import ArmError, PolicyDenied, ProviderNotRegistered, ScopeLocked
from localazure import seed
from sync.azure_client import arm_client
from tests.cloud import LocalAzure


@pytest.mark.parametrize(
    ("status", "code", "kind", "advice"),
    [
        (403, "RequestDisallowedByPolicy", PolicyDenied, "exemption"),
        (409, "ScopeLocked", ScopeLocked, "remove the lock"),
        (409, "MissingSubscriptionRegistration", ProviderNotRegistered, "az provider register"),
    ],
)
def test_says_who_can_lift_it(
    local_azure: LocalAzure, status: int, code: str, kind: type[ArmError], advice: str
) -> None:
    body = {"error": {"code": code, "message": "Denied by 'corp-policy'."}}
    fault = {"method": "PATCH", "path": seed.LAB, "status": status, "body": body, "times": None}
    local_azure.post("/_local/faults", [fault])
    with pytest.raises(kind, match=advice) as caught:
        arm_client(seed.SUBSCRIPTION_ID).patch_instance(seed.PAYMENTS_GROUP, seed.LAB, {"tags": {}})
    assert not caught.value.is_transient
    assert "corp-policy" in str(caught.value)
    assert "role SignalR" not in str(caught.value)
