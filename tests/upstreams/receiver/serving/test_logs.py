"""Log lines of refused and of failed requests."""

from __future__ import annotations

from typing import Any

import pytest

from identities.models import SignalRInstance
from localazure import seed
from tests.upstreams.receiver.conftest import Service
from upstreams.receiver import UpstreamRequest
from upstreams.receiver.hubs.discovery import install
from upstreams.receiver.hubs.hub import Registry

Calls = list[UpstreamRequest]
HERE = f"/upstream/{seed.CHAT}/"


@pytest.mark.parametrize(
    "sent",
    [
        {"authorization": ""},
        {"authorization": "Bearer a.b.c"},
        {"category": "groups"},
        {"path": "/upstream/unknown/x"},
    ],
)
def test_logs_refusal_in_one_line(
    chat: SignalRInstance,
    project: Calls,
    service: Service,
    caplog: pytest.LogCaptureFixture,
    sent: dict[str, Any],
) -> None:
    assert service.post(**sent).status_code >= 400
    assert len(caplog.records) == 1


def test_rate_limits_log_of_refusals(
    chat: SignalRInstance, project: Calls, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(50):
        service.post(category="groups")
        service.post(authorization="Bearer a.b.c")
    assert len(caplog.records) == 20


def test_request_cannot_forge_log_line(
    chat: SignalRInstance, project: Calls, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.post(path="/upstream/a%0AERROR root: forged/")
    assert "\n" not in caplog.messages[0]


class Broken(Registry):
    """A registry with a mistake in it."""

    def find(self, hub: str, category: str, event: str) -> None:
        raise RuntimeError("A mistake of ours.")


def test_logs_defect_without_rest_of_path(
    chat: SignalRInstance, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    before = install(Broken())
    service.client.raise_request_exception = False
    try:
        assert service.post(path=f"{HERE}secret").status_code == 500
    finally:
        install(before)
    assert "A mistake of ours." in caplog.text
    assert HERE in caplog.text
    assert "secret" not in caplog.text
