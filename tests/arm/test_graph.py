from __future__ import annotations

from dataclasses import replace

import pytest

from arm.errors import UnexpectedAnswer
from arm.graph import Application, DirectoryForbidden, list_applications
from arm.settings import ArmSettings
from localazure import seed
from tests.cloud import LocalAzure


@pytest.fixture
def graph(arm_settings: ArmSettings) -> ArmSettings:
    """Microsoft Graph, which is served beside ARM here."""
    return replace(arm_settings, scope="https://graph.microsoft.com/.default")


def test_applications_are_listed_with_what_a_token_can_be_asked_for(graph: ArmSettings) -> None:
    found = {each.app_id: each for each in list_applications(graph)}
    assert {seed.CLIENT_ID, seed.UPSTREAM_APP_ID, seed.PORTAL_APP_ID} < set(found)
    upstream = found[seed.UPSTREAM_APP_ID]
    assert upstream.resources == (seed.UPSTREAM_APP_URI, seed.UPSTREAM_APP_ID)
    assert not upstream.has_v2_tokens


@pytest.mark.parametrize("search", ["Signalman upstream", seed.UPSTREAM_APP_ID.upper()])
def test_an_application_is_found_by_name_and_by_client_id(graph: ArmSettings, search: str) -> None:
    (found,) = list_applications(graph, search)
    assert found.app_id == seed.UPSTREAM_APP_ID


def test_what_graph_would_read_as_syntax_is_only_text(graph: ArmSettings) -> None:
    assert list(list_applications(graph, '" OR "displayName:Signalman\\')) == []


def test_every_page_is_read(graph: ArmSettings, local_azure: LocalAzure) -> None:
    known = len(list(list_applications(graph)))
    local_azure.seed(applications=[{"displayName": f"app {n}"} for n in range(120)])
    local_azure.delete("/_local/requests")
    assert len(list(list_applications(graph))) == known + 120
    pages = [each for each in local_azure.requests("GET") if each["path"].endswith("/applications")]
    assert len(pages) == 2


def test_reads_token_version_of_application(graph: ArmSettings, local_azure: LocalAzure) -> None:
    local_azure.seed(applications=[{"displayName": "modern", "requestedAccessTokenVersion": 2}])
    (found,) = list_applications(graph, "modern")
    assert found.has_v2_tokens


def test_a_refusal_names_graphs_own_permission(graph: ArmSettings, local_azure: LocalAzure) -> None:
    error = {"error": {"code": "Authorization_RequestDenied", "message": "Not enough."}}
    local_azure.post("/_local/faults", [{"path": "applications", "status": 403, "body": error}])
    with pytest.raises(DirectoryForbidden, match=r"Application\.Read\.All.*RequestDenied"):
        list(list_applications(graph))


@pytest.mark.parametrize("body", [[], {"value": [{"displayName": "without an id"}]}])
def test_an_answer_of_another_shape_is_not_guessed_at(
    graph: ArmSettings, local_azure: LocalAzure, body: object
) -> None:
    local_azure.post("/_local/faults", [{"path": "applications", "status": 200, "body": body}])
    with pytest.raises(UnexpectedAnswer):
        list(list_applications(graph))


def test_the_token_does_not_follow_a_page_to_another_host(
    graph: ArmSettings, local_azure: LocalAzure
) -> None:
    body = {"value": [], "@odata.nextLink": "https://elsewhere.example/v1.0/applications"}
    local_azure.post("/_local/faults", [{"path": "applications", "status": 200, "body": body}])
    with pytest.raises(UnexpectedAnswer, match="has a URL outside"):
        list(list_applications(graph))


def test_an_application_without_uris_is_asked_for_by_its_client_id() -> None:
    assert Application("client", "name").resources == ("client",)
