"""A call that the service sends twice is answered twice and made once, where a handler asks so."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from django.core.cache import cache, caches
from django.core.cache.backends.base import BaseCache
from pytest_django import Settings

from identities.models import SignalRInstance
from tests.upstreams.receiver.conftest import Service
from tests.upstreams.receiver.requests import headers, json_call, read
from upstreams.receiver import Hub, HubError, UpstreamRequest
from upstreams.receiver.deliveries.duplicates import DuplicateCalls
from upstreams.receiver.protocol.refusals import DuplicateInProgress
from upstreams.receiver.protocol.responses import UpstreamResponse
from upstreams.receiver.system_checks import check_duplicates
from upstreams.receiver.testing import HubTestClient, installed_hubs

paid: list[object] = []
bank = Hub("bank")


@bank.message("pay", idempotent=True)
def pay(request: UpstreamRequest, amount: int) -> int:
    paid.append(amount)
    if amount < 0:
        raise HubError("Less than nothing.")
    return len(paid)


@bank.message("tip")
def tip(request: UpstreamRequest) -> int:
    paid.append("tip")
    return len(paid)


@pytest.fixture(autouse=True)
def open_bank() -> Iterator[None]:
    paid.clear()
    with installed_hubs(bank):
        yield


def call(
    service: Service,
    amount: int = 7,
    *,
    event: str = "pay",
    id_: str | None = "0",
    connection_id: str = "c-1",
) -> tuple[int, object]:
    arguments = [amount] if event.lower() == "pay" else []
    response = service.post(
        json_call(arguments, target=event, id_=id_),
        hub="bank",
        event=event,
        connection_id=connection_id,
    )
    frame = json.loads(response.content.removesuffix(b"\x1e") or "null")
    return response.status_code, frame and frame.get("result", frame.get("error"))


def test_duplicate_gets_first_response(chat: SignalRInstance, service: Service) -> None:
    assert [call(service), call(service), call(service, event="PAY")] == [(200, 1)] * 3
    assert paid == [7]


def test_duplicate_gets_first_error(chat: SignalRInstance, service: Service) -> None:
    assert call(service, -1) == call(service, -1) == (200, "Less than nothing.")
    assert paid == [-1]


@pytest.mark.parametrize("changed", [{"id_": "1"}, {"connection_id": "c-2"}])
def test_runs_different_call(
    chat: SignalRInstance, service: Service, changed: dict[str, str]
) -> None:
    assert call(service) == (200, 1)
    assert call(service, **changed) == (200, 2)  # type: ignore[arg-type]


def test_runs_call_of_another_instance() -> None:
    calls = DuplicateCalls(cache, 300)
    assert calls.once(request("a"), lambda: UpstreamResponse(body=b"1")).body == b"1"
    assert calls.once(request("b"), lambda: UpstreamResponse(body=b"2")).body == b"2"
    assert calls.once(request("A"), lambda: UpstreamResponse(body=b"3")).body == b"1"


def test_runs_call_without_invocation_id_each_time(chat: SignalRInstance, service: Service) -> None:
    call(service, id_=None)
    call(service, id_=None)
    assert paid == [7, 7]


def test_runs_handler_without_idempotent_each_time(chat: SignalRInstance, service: Service) -> None:
    assert [call(service, event="tip"), call(service, event="tip")] == [(200, 1), (200, 2)]


def test_mismatching_arguments_claim_no_call(chat: SignalRInstance, service: Service) -> None:
    service.post(json_call(["seven"], target="pay"), hub="bank", event="pay")
    assert call(service) == (200, 1)


def request(instance: str = "contoso") -> UpstreamRequest:
    """Return the call as the protocol reads it."""
    found = read(headers(event="pay", hub="bank"), json_call([7], target="pay"))
    return replace(found, instance=instance)


def test_refuses_early_duplicate_with_retry() -> None:
    calls = DuplicateCalls(cache, 300)
    started, may_end = threading.Event(), threading.Event()
    first: list[UpstreamResponse] = []

    def slow() -> UpstreamResponse:
        started.set()
        may_end.wait(10)
        return UpstreamResponse(body=b"first")

    thread = threading.Thread(target=lambda: first.append(calls.once(request(), slow)))
    thread.start()
    started.wait(10)
    with pytest.raises(DuplicateInProgress) as refused:
        calls.once(request(), lambda: UpstreamResponse(body=b"second"))
    may_end.set()
    thread.join()
    assert (refused.value.status, refused.value.code) == (503, "duplicate_in_progress")
    assert calls.once(request(), lambda: UpstreamResponse(body=b"third")) == first[0]


def test_runs_one_of_many_concurrent_duplicates() -> None:
    calls = DuplicateCalls(cache, 300)
    made: list[int] = []
    gate = threading.Barrier(8)

    def make() -> UpstreamResponse:
        made.append(1)
        return UpstreamResponse()

    def one() -> None:
        gate.wait()
        with suppress(DuplicateInProgress):
            calls.once(request(), make)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_claim_of_dead_process_expires() -> None:
    calls = DuplicateCalls(cache, 300)

    def die() -> UpstreamResponse:
        raise SystemExit

    with pytest.raises(SystemExit):
        calls.once(request(), die)
    with pytest.raises(DuplicateInProgress):
        calls.once(request(), UpstreamResponse)


def test_refuses_without_cache(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://localhost:1/0",
        }
    }
    unreachable: BaseCache = caches["default"]
    with pytest.raises(DuplicateInProgress) as refused:
        DuplicateCalls(unreachable, 300).once(request(), UpstreamResponse)
    assert refused.value.code == "duplicates_unknown"


def test_the_test_client_runs_every_call() -> None:
    client = HubTestClient(bank)
    assert [client.invoke("pay", 1), client.invoke("pay", 1)] == [1, 2]


def test_warns_of_cache_that_is_not_shared(settings: Settings) -> None:
    (warning,) = check_duplicates()
    assert "test_duplicates.pay" in warning.msg
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
    assert check_duplicates() == []
