"""Operations while the cache or the database is away, and stages that fail unexpectedly."""

from __future__ import annotations

import logging

import pytest
from django.db import OperationalError
from pytest_django import Settings

from config.environment_variables import parsers
from localazure import seed
from sync.components.component import Write
from sync.components.identity import IdentityComponent
from sync.models import AuditEvent, Operation
from sync.operations.claims import Claim, claim
from sync.operations.retries import MAX_ATTEMPTS
from sync.operations.run import run_stage
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import SIGNED, drive, imported, patches, set_desired, stage, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_cache(settings: Settings) -> None:
    # Nothing listens on the discard port.
    settings.CACHES = {"default": parsers.cache("redis://127.0.0.1:9/0")}


@pytest.fixture
def operation(local_azure: LocalAzure) -> Operation:
    return start(set_desired(imported(seed.LAB), "SystemAssigned"))


def assert_released(operation: Operation, code: str) -> None:
    operation.refresh_from_db()
    assert (operation.lease_owner, operation.lease_until) == ("", None)
    assert operation.waiting_for == f"a retry after {code}"
    assert (operation.error_code, operation.attempt) == (code, 2)


@pytest.mark.usefixtures("no_cache")
def test_applies_without_cache(operation: Operation) -> None:
    assert drive(operation).state == "succeeded"


@pytest.mark.usefixtures("no_cache")
def test_inline_apply_needs_no_cache(local_azure: LocalAzure) -> None:
    set_desired(imported(seed.LAB), "SystemAssigned")
    outcome = run("apply", seed.LAB, "--yes", "--inline")
    assert outcome.code == 0, outcome.error
    assert len(patches(local_azure)) == 1


@pytest.mark.usefixtures("no_cache")
def test_keeps_to_budget_without_cache(local_azure: LocalAzure, settings: Settings) -> None:
    settings.SIGNALMAN_WRITE_BURST, settings.SIGNALMAN_WRITES_PER_SECOND = 1, 0.1
    fleet = [
        start(set_desired(imported(name), "SystemAssigned", SIGNED))
        for name in (seed.CHAT, seed.LAB)
    ]
    for operation in fleet:
        stage(operation)
    assert len(patches(local_azure)) == 1
    assert fleet[1].waiting_for == "Azure's rate limit for writes"


def test_unexpected_error_releases_operation(
    operation: Operation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_self: IdentityComponent, _write: Write) -> object:
        raise RuntimeError("AccountKey=hidden")

    with monkeypatch.context() as patch:
        patch.setattr(IdentityComponent, "write", broken)
        stage(operation)
    assert_released(operation, "InternalError")
    assert "RuntimeError" in operation.error_message
    assert "hidden" not in operation.error_message
    assert "a stage failed" in caplog.text
    assert drive(operation).state == "succeeded"


def test_error_that_repeats_ends_operation(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: IdentityComponent, _write: Write) -> object:
        raise RuntimeError

    monkeypatch.setattr(IdentityComponent, "write", broken)
    assert drive(operation).state == "failed"
    assert (operation.error_code, operation.attempt) == ("InternalError", MAX_ATTEMPTS)
    # Azure may have accepted a write of which nothing was recorded.
    assert AuditEvent.objects.filter(action="write identity, unconfirmed").count() == 1


def test_database_that_fails_within_stage_releases_operation(
    operation: Operation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The write was sent; neither that nor the first releases can be stored."""
    record, failures = Claim.record, iter([False, True, True])
    pauses: list[float] = []

    def failing(self: Claim, *arguments: object, **values: object) -> None:
        if next(failures, False):
            raise OperationalError("host db.internal")
        record(self, *arguments, **values)  # type: ignore[arg-type]

    with caplog.at_level(logging.WARNING), monkeypatch.context() as patches:
        patches.setattr(Claim, "record", failing)
        patches.setattr("sync.operations.recovery.time.sleep", pauses.append)
        stage(operation)
    assert len(pauses) == 1
    assert_released(operation, "DatabaseUnavailable")
    assert "db.internal" not in operation.error_message + caplog.text
    assert drive(operation).state == "succeeded"
    assert AuditEvent.objects.filter(action="write identity").count() == 1


def test_database_that_fails_within_claim_claims_nothing(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert operation.due_at is not None
    with monkeypatch.context() as patch:
        patch.setattr(Operation, "read_plan", _fail)
        with pytest.raises(OperationalError):
            claim(operation.pk, operation.due_at)
    operation.refresh_from_db()
    assert (operation.state, operation.lease_owner) == ("queued", "")


def test_interrupted_stage_releases_operation(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_self: IdentityComponent, _write: Write) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(IdentityComponent, "write", interrupted)
    assert operation.due_at is not None
    with pytest.raises(KeyboardInterrupt):
        run_stage(operation.pk, operation.due_at)
    assert_released(operation, "InternalError")


def test_command_without_database_ends_with_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.management.commands.operations.Command.run", _fail)
    outcome = run("operations")
    assert outcome.code == 1
    assert outcome.error.startswith("The database of SIGNALMAN_DATABASE_URL cannot be used:")


def _fail(*_arguments: object, **_values: object) -> None:
    raise OperationalError("the server closed the connection")
