"""Whether the credential may do in Azure what Signalman is for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from arm.transport.credentials import credential
from arm.transport.pipeline import pipeline
from localazure import seed
from sync.inventory.preflight import check_connection
from tests.cloud import LocalAzure


@pytest.fixture(autouse=True)
def _other_credentials() -> Iterator[None]:
    """A process keeps its credential; these tests have several."""
    for kept in (credential, pipeline):
        kept.cache_clear()
    yield
    for kept in (credential, pipeline):
        kept.cache_clear()


def test_owner_has_every_permission(local_azure: LocalAzure) -> None:
    connection = check_connection()
    assert (connection.problem, connection.graph_problem) == ("", "")
    (access, *_) = connection.accesses
    assert str(access.subscription.subscription_id) == seed.SUBSCRIPTION_ID
    assert all(standing.is_met for standing in access.needs)


def test_reader_is_told_the_missing_roles(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", seed.READER_CLIENT_ID)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", seed.READER_CLIENT_SECRET)
    (access, *_) = check_connection().accesses
    met = {standing.need.role: standing.is_met for standing in access.needs}
    assert met.pop("Reader")
    assert not any(met.values())


def test_wrong_secret_is_reported_in_one_message(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    connection = check_connection()
    assert connection.accesses == ()
    assert connection.problem
    assert "wrong" not in connection.problem


def test_unreachable_azure_is_reported_in_one_message(
    local_azure: LocalAzure,
) -> None:
    local_azure.post(
        "/_local/faults", [{"method": "GET", "path": "/subscriptions", "times": 9, "status": 403}]
    )
    assert check_connection().problem
