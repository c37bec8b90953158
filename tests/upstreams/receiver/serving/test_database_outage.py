"""The receiver continues for a grace period when the database cannot be read."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identities.models import SignalRInstance
from localazure import seed
from tests.upstreams.receiver.authentication.instances import ECHO, Clock
from tests.upstreams.receiver.conftest import Service, plant_rows
from tests.upstreams.receiver.outages import TABLE, outage
from upstreams.receiver import UpstreamRequest
from upstreams.receiver.authentication.policy_cache import Policies, policies
from upstreams.receiver.protocol.refusals import ProofUnavailable

# Without a transaction around it, which a failing query would end.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> Clock:
    plant_rows()
    return Clock()


@pytest.fixture
def held(clock: Clock) -> Policies:
    """The policies of a process that has received for this instance before."""
    held = Policies(5, grace=900, clock=clock)
    held.get(seed.CHAT)
    return held


def test_uses_policies_read_before_outage(
    held: Policies, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    before = held.get(seed.CHAT).token_policies(ECHO)[-1]
    with outage():
        for _ in range(100):
            clock.now += 9
            assert held.get(seed.CHAT).token_policies(ECHO)[-1] == before
    assert len(caplog.records) == 1
    assert TABLE in caplog.text


def test_stops_using_policies_after_grace_period(held: Policies, clock: Clock) -> None:
    clock.now += 901
    with outage(), pytest.raises(ProofUnavailable) as refused:
        held.get(seed.CHAT)
    assert (refused.value.status, refused.value.code) == (503, "policy_unavailable")


def test_retries_database_periodically(held: Policies, clock: Clock) -> None:
    with outage(), CaptureQueriesContext(connection) as queries:
        for _ in range(3):
            clock.now += 5
            for _ in range(100):
                held.get(seed.CHAT)
    first = [each for each in queries if "identities_userassignedidentity" in each["sql"]]
    assert len(first) == 3


def test_notices_end_of_outage(held: Policies, clock: Clock) -> None:
    clock.now += 5
    with outage():
        held.get(seed.CHAT)
    SignalRInstance.objects.all().delete()
    SignalRInstance.objects.create(
        name="contoso-new",
        subscription_id=seed.SUBSCRIPTION_ID,
        resource_group=seed.REALTIME_GROUP,
    )
    clock.now += 5
    assert held.get("contoso-new").name == "contoso-new"


def test_process_without_policies_answers_503(
    project: list[UpstreamRequest], service: Service
) -> None:
    plant_rows()
    policies.forget()
    with outage():
        refused = service.post()
    assert (refused.status_code, json.loads(refused.content)["code"]) == (503, "policy_unavailable")
    assert project == []


def test_process_without_policies_recovers(
    project: list[UpstreamRequest], service: Service
) -> None:
    plant_rows()
    policies.forget()
    with outage():
        assert service.post().status_code == 503
    policies.forget()
    assert service.post().status_code == 200
