from __future__ import annotations

import pytest
from pytest_django import Settings

from localazure import seed
from tests.cloud import LocalAzure
from tests.sync.commands import run

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("local_azure")
def test_prints_applications_with_their_resources() -> None:
    outcome = run("applications", "--search", "upstream")
    assert outcome.out == (
        f"Signalman upstream\t{seed.UPSTREAM_APP_URI}, {seed.UPSTREAM_APP_ID}\t\n"
    )


def test_flags_application_with_v2_tokens(local_azure: LocalAzure) -> None:
    local_azure.seed(applications=[{"displayName": "modern", "requestedAccessTokenVersion": 2}])
    assert "v2 tokens" in run("applications", "--search", "modern").out
    (document,) = run("applications", "--search", "modern", "--json").document
    assert (document["hasV2Tokens"], document["requestedAccessTokenVersion"]) == (True, 2)


def test_prints_data_planes_without_requests() -> None:
    rows = run("applications", "--data-planes").out.splitlines()
    assert "Azure Storage\thttps://storage.azure.com/\t" in rows[-1]
    assert len(run("applications", "--data-planes", "--json").document) == len(rows)


def test_refusal_is_reported_in_one_message(local_azure: LocalAzure) -> None:
    local_azure.post("/_local/faults", [{"path": "applications", "status": 403, "times": None}])
    outcome = run("applications")
    assert outcome.code == 1
    assert "Application.Read.All" in outcome.error


def test_refuses_endpoint_without_tls(settings: Settings) -> None:
    settings.SIGNALMAN_GRAPH_ENDPOINT = "http://graph.microsoft.com"
    outcome = run("applications")
    assert outcome.code == 1
    assert "SIGNALMAN_GRAPH_ENDPOINT: " in outcome.error
