from __future__ import annotations

import pytest
from pytest_django import Settings

from localazure import seed
from tests.cloud import LocalAzure
from tests.sync.commands import run


@pytest.mark.usefixtures("local_azure")
def test_applications_are_printed_with_their_resources() -> None:
    outcome = run("applications", "--search", "upstream")
    assert outcome.out == (
        f"Signalman upstream\t{seed.UPSTREAM_APP_URI}, {seed.UPSTREAM_APP_ID}\t\n"
    )


def test_an_application_with_v2_tokens_is_flagged(local_azure: LocalAzure) -> None:
    local_azure.seed(applications=[{"displayName": "modern", "requestedAccessTokenVersion": 2}])
    assert "v2 tokens" in run("applications", "--search", "modern").out
    (document,) = run("applications", "--search", "modern", "--json").document
    assert (document["hasV2Tokens"], document["requestedAccessTokenVersion"]) == (True, 2)


def test_the_data_planes_are_printed_without_asking_anybody() -> None:
    rows = run("applications", "--data-planes").out.splitlines()
    assert "Azure Storage\thttps://storage.azure.com/\t" in rows[-1]
    assert len(run("applications", "--data-planes", "--json").document) == len(rows)


def test_a_refusal_is_said_in_a_sentence(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/faults", [{"path": "applications", "status": 403, "times": None}])
    outcome = run("applications")
    assert outcome.code == 1
    assert "Application.Read.All" in outcome.error


def test_an_endpoint_without_tls_is_refused(settings: Settings) -> None:
    settings.SIGNALMAN_GRAPH_ENDPOINT = "http://graph.microsoft.com"
    outcome = run("applications")
    assert outcome.code == 1
    assert "SIGNALMAN_GRAPH_ENDPOINT: " in outcome.error
