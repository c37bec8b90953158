"""The check of the credential's permissions in Azure."""

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
    """Clear the cached credential: these tests use several."""
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
    assert all(result.is_met for result in access.needs)


def test_reader_lacks_the_other_roles(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", seed.READER_CLIENT_ID)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", seed.READER_CLIENT_SECRET)
    (access, *_) = check_connection().accesses
    met = {result.need.role: result.is_met for result in access.needs}
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
