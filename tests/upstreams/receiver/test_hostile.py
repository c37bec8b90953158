"""Everything hostile is refused by the real endpoint for its own reason, and no handler runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identities.models import SignalRInstance, Subscription
from localazure import seed
from tests.upstreams.receiver.conftest import Tokens, plant_rows
from tests.upstreams.receiver.hostile import HERE, hostile_requests, hostile_tokens, sent, told
from tests.upstreams.receiver.requests import json_call
from tests.upstreams.receiver.servers import serving
from tests.upstreams.receiver.sockets import Header, Reply, exchange
from upstreams.models import Delivery, DeliveryCount
from upstreams.receiver import UpstreamRequest
from upstreams.receiver.deliveries.recorder import recorder

pytestmark = pytest.mark.django_db(transaction=True)

Calls = list[UpstreamRequest]


@pytest.fixture
def url(project: Calls, token: Tokens) -> Iterator[str]:
    """A web server that receives for the seed's instance, and knows another."""
    plant_rows()
    SignalRInstance.objects.create(
        name=seed.ORDERS,
        subscription=Subscription.objects.get(),
        resource_group=seed.REALTIME_GROUP,
    )
    with serving() as url:
        yield url


def test_refuses_hostile_token_with_its_reason(url: str, token: Tokens, project: Calls) -> None:
    table = list(hostile_tokens(token))
    body = json_call(["hi"])
    found = {name: exchange(url, HERE, sent(compact), body) for name, _, compact in table}
    assert found == {name: Reply(401, told(reason)) for name, reason, _ in table}
    assert len(found) >= 60
    assert project == []
    assert Delivery.objects.exclude(outcome="refused").count() == 0


def test_refuses_hostile_request_with_its_reason(url: str, token: Tokens, project: Calls) -> None:
    table = list(hostile_requests(token()))
    found = {
        one.name: exchange(url, one.path, one.headers, one.body, length=one.length) for one in table
    }
    assert found == {one.name: Reply(one.status, one.code) for one in table}
    assert len(found) >= 50
    assert project == []


def test_handles_valid_request(url: str, token: Tokens, project: Calls) -> None:
    assert exchange(url, HERE, sent(token()), json_call(["hi"])) == Reply(200, "")
    assert len(project) == 1


# What a header may hold without ending it.
values = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30)
names = st.sampled_from(
    [
        "Authorization",
        "Content-Type",
        "X-ASRS-Hub",
        "X-ASRS-Category",
        "X-ASRS-Event",
        "X-ASRS-Connection-Id",
        "X-ASRS-User-Id",
        "X-ASRS-User-Claims",
        "X-ASRS-Client-Query",
        "X-ASRS-Signature",
    ]
)
paths = st.text(st.sampled_from("/abc%2Ff.?;+é\0 #"), max_size=20).map(
    lambda rest: (
        HERE
        + "".join(
            f"%{byte:02x}" if byte <= 32 or byte > 126 else chr(byte) for byte in rest.encode()
        )
    )
)


# Django's own request reads a type's parameters, and fails at these.
content_types = st.sampled_from(
    [
        "application/json; charset*=utf-8''%00",
        "application/json; x*=foo'en'%ff",
        "application/json; a*=undefined''%ff",
    ]
)
headers = st.tuples(names, values) | st.tuples(st.just("Content-Type"), content_types)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=paths,
    headers=st.lists(headers, max_size=8),
    is_whole=st.booleans(),
    body=st.binary(max_size=60) | st.lists(st.text(max_size=5), max_size=3).map(json_call),
)
def test_refuses_any_request_without_token(
    url: str,
    project: Calls,
    path: str,
    headers: list[Header],
    is_whole: bool,
    body: bytes,
) -> None:
    whole = sent("a.b.c") if is_whole else []
    assert 400 <= exchange(url, path, [*whole, *headers], body).status < 500
    assert project == []


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=paths, headers=st.lists(headers, max_size=4), body=st.binary())
def test_no_request_with_token_causes_500(
    url: str, token: Tokens, path: str, headers: list[Header], body: bytes
) -> None:
    assert exchange(url, path, [*sent(token()), *headers], body).status < 500


def test_flood_of_refusals_adds_few_rows(url: str, project: Calls) -> None:
    for number in range(100):
        exchange(url, HERE, sent(f"a.b.c{number}", X_ASRS_Hub=f"h{number}"), b"{}")
    recorder.flush()
    assert DeliveryCount.objects.count() <= 2
    assert Delivery.objects.count() <= 60 * 2
