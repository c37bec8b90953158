"""The embedded queue: a message is complete or not there at all."""

from __future__ import annotations

import fcntl
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue

from config.broker.file_queue import Transport
from config.celery import app

# Long enough for a reader to come while it is written.
LONG = "x" * 2_000_000
MESSAGES = 40
BINDERS = 8
EXCHANGES = 20
# Binding takes some milliseconds.
LOCKED_SECONDS = 0.5


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    """A queue's folders."""
    (tmp_path / "messages").mkdir()
    folder = str(tmp_path / "messages")
    control = str(tmp_path / "control")
    return {"data_folder_in": folder, "data_folder_out": folder, "control_folder": control}


# A process remembers which queues it has bound: each test has queues of its own.
def connection(options: dict[str, Any]) -> Connection:
    """Return a connection to the queue in these folders."""
    return Connection("filesystem://localhost", transport=Transport, transport_options=options)


def test_message_appears_complete(options: dict[str, Any]) -> None:
    folder, ended, seen = Path(options["data_folder_in"]), threading.Event(), set[str]()

    def look() -> None:
        is_last = False
        while not is_last:
            is_last = ended.is_set()
            for path in folder.glob("*.msg"):
                if path.name not in seen:
                    json.loads(path.read_text())
                    seen.add(path.name)

    def put() -> None:
        try:
            with connection(options) as queue, queue.SimpleQueue("whole") as jobs:
                for _ in range(MESSAGES):
                    jobs.put(LONG)
        finally:
            ended.set()

    writer = threading.Thread(target=put)
    writer.start()
    try:
        look()
    finally:
        writer.join()
    assert len(seen) == MESSAGES


def test_keeps_order(options: dict[str, Any]) -> None:
    with connection(options) as queue, queue.SimpleQueue("ordered") as jobs:
        for number in range(3):
            jobs.put({"number": number})
        first = jobs.get(timeout=10)
        assert first.payload["number"] in range(3)
        assert jobs.qsize() == 2


def test_binds_concurrently(options: dict[str, Any]) -> None:
    together = threading.Barrier(BINDERS, timeout=10)

    def bind(number: int) -> None:
        with connection(options) as queues:
            queue = Queue(f"bound-{number}", Exchange(f"exchange-{number // BINDERS}"))
            bound = queue(queues.channel())
            together.wait()
            # The first of them creates the exchange's file.
            bound.declare()

    with ThreadPoolExecutor(BINDERS) as threads:
        for _ in threads.map(bind, range(BINDERS * EXCHANGES)):
            pass
    control = Path(options["control_folder"])
    tables = [json.loads(path.read_text()) for path in control.glob("exchange-*.exchange")]
    assert [len(table) for table in tables] == [BINDERS] * EXCHANGES


def test_binds_one_process_after_another(options: dict[str, Any]) -> None:
    control = Path(options["control_folder"])
    control.mkdir()
    with connection(options) as queues, (control / "lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        queue = Queue("waiting", Exchange("waiting"))(queues.channel())
        binder = threading.Thread(target=queue.declare)
        binder.start()
        binder.join(LOCKED_SECONDS)
        assert not list(control.glob("*.exchange"))
        fcntl.flock(other, fcntl.LOCK_UN)
        binder.join()
    assert [path.name for path in control.glob("*.exchange")] == ["waiting.exchange"]


# Each, on its own, ended a worker.
MALFORMED = {
    "empty": b"",
    "cut": b'{"body": "W1t',
    "binary": bytes(range(256)),
    "utf-16": '{"body": ""}'.encode("utf-16"),
    "deep": b"[" * 100_000,
    "list": b"[]",
    "null": b"null",
    "no properties": b"{}",
    "no tag": b'{"properties": {"delivery_info": {}}}',
    "no body": b'{"properties": {"delivery_info": {}, "delivery_tag": "a"}}',
    "odd tag": b'{"properties": {"delivery_info": {}, "delivery_tag": ["a"]}, "body": "e30="}',
    "odd names": b"""{"properties": {"delivery_info": {}, "delivery_tag": "a"}, "body": "W10=",
        "headers": {"task": ["a"], "id": {}}, "content-type": "application/json"}""",
    # It could be put back into the queue when the worker stops.
    "returnable": b"""{"properties": {"delivery_info": {"exchange": "", "routing_key": "malformed"},
        "delivery_tag": "a"}, "body": "W10=", "headers": {"task": ["a"], "id": {}},
        "content-type": ["a"]}""",
    "no id": b"""{"properties": {"delivery_info": {}, "delivery_tag": "a"}, "body": "W10=",
        "headers": {"task": "sync.operations.tasks.expire"}, "content-type": ["a"]}""",
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_sets_malformed_message_aside(
    options: dict[str, Any], content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    folder, got, queue = Path(options["data_folder_in"]), list[Any](), Queue("malformed")

    def handle(body: Any, message: Any) -> None:
        got.append(body["number"])
        message.ack()

    with connection(options) as queues, queues.Consumer(queue, callbacks=[handle]):
        # Sorted before any other.
        (folder / "0_bad.malformed.msg").write_bytes(content)
        queues.Producer().publish({"number": 1}, routing_key="malformed", serializer="json")
        while not got:
            queues.drain_events(timeout=10)
    assert got == [1]
    assert not list(folder.glob("*.msg"))
    assert len(list((folder / "malformed").iterdir())) == 1
    assert (folder / "malformed").stat().st_mode & 0o077 == 0
    assert "moved to" in caplog.text


def test_puts_unacknowledged_message_back(options: dict[str, Any]) -> None:
    """As when a worker stops that has fetched tasks in advance."""
    with connection(options) as queues, queues.SimpleQueue("unacknowledged") as jobs:
        jobs.put({"number": 1})
        assert jobs.get(timeout=10).payload == {"number": 1}
    with connection(options) as queues, queues.SimpleQueue("unacknowledged") as jobs:
        assert jobs.get(timeout=10).payload == {"number": 1}


def test_restores_malformed_exchange(
    options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with connection(options) as queue, queue.SimpleQueue("restored") as jobs:
        table = Path(options["control_folder"]) / "restored.exchange"
        table.write_bytes(b"[[")
        jobs.put({"number": 1})
        assert jobs.get(timeout=10).payload == {"number": 1}
    assert "moved to" in caplog.text


def test_binds_to_malformed_exchange(options: dict[str, Any]) -> None:
    control = Path(options["control_folder"])
    control.mkdir()
    (control / "cut.exchange").write_bytes(b"")
    with connection(options) as queue, queue.SimpleQueue("cut") as jobs:
        jobs.put({"number": 1})
        assert jobs.get(timeout=10).payload == {"number": 1}


def test_worker_uses_it() -> None:
    with app.connection() as queue:
        assert isinstance(queue.transport, Transport)
