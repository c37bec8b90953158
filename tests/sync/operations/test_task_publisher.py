"""Publishing to a broker that does not answer."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from celery import current_app

from sync.operations.task_publisher import BrokerTimeout, Publisher


def test_waits_for_a_hanging_broker_once_and_recovers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    sent: list[str] = []

    def send_task(task: str, _arguments: list[str], **_options: Any) -> None:
        answers.wait(30)
        sent.append(task)

    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    monkeypatch.setattr(app, "send_task", send_task)
    publish = Publisher(seconds=0.05)
    with pytest.raises(BrokerTimeout):
        publish("first", [])
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(BrokerTimeout):
            publish("refused", [])
    # A hundred waits would take five seconds.
    assert time.monotonic() - began < 4
    answers.set()
    deadline = time.monotonic() + 30
    while not sent and time.monotonic() < deadline:
        time.sleep(0.01)
    publish("second", [])
    assert sent == ["first", "second"]


def test_raises_what_the_broker_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise ConnectionRefusedError

    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    monkeypatch.setattr(app, "send_task", fail)
    with pytest.raises(ConnectionRefusedError):
        Publisher()("task", [])
