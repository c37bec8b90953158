from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from django.test import TestCase
from django.utils import timezone
from kombu.simple import SimpleQueue

from config.celery import app as the_app
from localazure import seed
from sync.operations import tasks
from sync.operations.claims import claim
from sync.operations.enqueue import ENQUEUE_AGAIN_AFTER, RUN_STAGE, enqueue, enqueue_due
from tests.cloud import LocalAzure
from tests.sync.worker import after_lease, drive, imported, patches, set_desired, signed_lab, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue() -> Iterator[SimpleQueue]:
    """The queue of tasks, with an in-memory broker."""
    app = Celery("test", broker="memory://")
    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as messages:
        messages.clear()
        yield messages
        messages.clear()
    the_app.set_current()


def sent(queue: SimpleQueue) -> list[tuple[str, str, str | None]]:
    """Return and remove all messages of the queue: task, operation, and time if it has one."""
    found: list[tuple[str, str, str | None]] = []
    while len(queue):
        message = queue.get_nowait()
        message.ack()
        found.append((message.headers["task"], message.payload[0][0], message.headers["eta"]))
    return found


def test_starting_enqueues_a_stage_after_commit(
    local_azure: LocalAzure, queue: SimpleQueue
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        operation = signed_lab()
        assert sent(queue) == []
    (message,) = sent(queue)
    assert message[:2] == (RUN_STAGE, str(operation.pk))


def test_stage_enqueues_the_next_one_at_its_time(
    local_azure: LocalAzure, queue: SimpleQueue
) -> None:
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 500})
    operation = signed_lab()
    tasks.run_stage(str(operation.pk))
    ((_task, _operation, eta),) = sent(queue)
    assert eta is not None
    assert abs((datetime.fromisoformat(eta) - soon(500)).total_seconds()) < 100


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_task_of_a_finished_operation_enqueues_nothing(
    local_azure: LocalAzure, queue: SimpleQueue
) -> None:
    operation = drive(signed_lab())
    tasks.run_stage(str(operation.pk))
    assert sent(queue) == []
    assert len(patches(local_azure)) == 2


def test_tick_enqueues_due_operations_without_a_claim(
    local_azure: LocalAzure, queue: SimpleQueue
) -> None:
    operation = signed_lab()
    tasks.enqueue_due_operations()
    assert [message[1] for message in sent(queue)] == [str(operation.pk)]
    claim(operation.pk, timezone.now())
    assert enqueue_due(timezone.now() + ENQUEUE_AGAIN_AFTER) == 0
    operation.refresh_from_db()
    assert enqueue_due(after_lease(operation)) == 1


def test_tick_leaves_an_operation_alone_that_is_claimed_meanwhile(
    local_azure: LocalAzure, queue: SimpleQueue
) -> None:
    operation, now = signed_lab(), timezone.now()
    statements: list[str] = []

    def claim_after_the_first(execute: Any, sql: str, *arguments: Any) -> Any:
        result = execute(sql, *arguments)
        statements.append(sql)
        if len(statements) == 1:
            assert claim(operation.pk, now)
        return result

    with connection.execute_wrapper(claim_after_the_first):
        enqueue_due(now)
    assert len(statements) > 1
    operation.refresh_from_db()
    # A mark would delay it by half a minute if that worker is lost.
    assert operation.enqueued_at is None


def test_ticks_do_not_fill_a_queue_without_consumers(
    local_azure: LocalAzure, queue: SimpleQueue
) -> None:
    signed_lab()
    start(set_desired(imported(seed.PAYMENTS), "SystemAssigned"))
    now = timezone.now()
    assert [enqueue_due(now + timedelta(seconds=5 * tick)) for tick in range(8)] == [
        2,
        *[0] * 5,
        2,
        0,
    ]
    assert len(sent(queue)) == 4


def test_unreachable_queue_is_only_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    nowhere = tmp_path / "a file"
    nowhere.touch()
    app = Celery("test", broker="filesystem://")
    app.conf.broker_transport_options = {"data_folder_out": str(nowhere / "messages")}
    operation_id = uuid4()
    enqueue(operation_id)
    the_app.set_current()
    assert f"The queue did not take operation {operation_id}" in caplog.text


def test_default_broker_causes_no_kombu_warnings(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Celery("test", broker=settings.CELERY_BROKER_URL).connection_for_write() as connection:
        connection.info()
    assert caplog.text == ""
