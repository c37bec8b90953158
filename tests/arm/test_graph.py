from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote_plus as unquote

import pytest

from arm.errors import UnexpectedAnswer
from arm.graph import Application, DirectoryForbidden, find_resource, list_applications
from arm.settings import ArmSettings
from arm.transport.credentials import credential_tenant
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
    local_azure.seed(applications=[{"displayName": f"app {n}"} for n in range(1020)])
    local_azure.delete("/_local/requests")
    assert len(list(list_applications(graph))) == known + 1020
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
    with pytest.raises(UnexpectedAnswer, match="contains a URL outside"):
        list(list_applications(graph))


def test_an_application_without_uris_is_asked_for_by_its_client_id() -> None:
    assert Application("client", "name").resources == ("client",)


@pytest.mark.parametrize(
    "resource",
    [seed.UPSTREAM_APP_ID, seed.UPSTREAM_APP_URI, f"{seed.UPSTREAM_APP_URI}/"],
)
def test_resource_names_application_of_the_tenant(graph: ArmSettings, resource: str) -> None:
    found = find_resource(graph, resource)
    assert found is not None
    assert (found.app_id, found.has_service_principal) == (seed.UPSTREAM_APP_ID, True)
    assert found.owner_tenant_id == seed.TENANT_ID
    assert found.application is not None
    assert found.application.requested_access_token_version is None


def test_resource_names_managed_identity(graph: ArmSettings) -> None:
    found = find_resource(graph, seed.ORDERS_CLIENT_ID)
    assert found is not None
    assert (found.is_managed_identity, found.application) == (True, None)


def test_resource_names_application_of_another_tenant(
    graph: ArmSettings, local_azure: LocalAzure
) -> None:
    owner = "dddddddd-0000-4000-8000-000000000009"
    uris = ["https://partner.example"]
    partner = {"displayName": "partner", "ownerTenantId": owner, "identifierUris": uris}
    local_azure.seed(applications=[partner])
    found = find_resource(graph, "https://partner.example")
    assert found is not None
    assert (found.owner_tenant_id, found.application) == (owner, None)


@pytest.mark.parametrize("resource", ["api://bare", "cccccccc-0000-4000-8000-0000000000ba"])
def test_finds_registration_without_service_principal(
    graph: ArmSettings, local_azure: LocalAzure, resource: str
) -> None:
    bare = {"appId": "cccccccc-0000-4000-8000-0000000000ba", "identifierUris": ["api://bare"]}
    local_azure.seed(applications=[bare | {"displayName": "b", "hasServicePrincipal": False}])
    found = find_resource(graph, resource)
    assert found is not None
    assert (found.app_id, found.has_service_principal) == (bare["appId"], False)


@pytest.mark.parametrize("resource", ["api://nothing", "cccccccc-0000-4000-8000-00000000dead"])
def test_finds_nothing_of_an_unknown_name(graph: ArmSettings, resource: str) -> None:
    assert find_resource(graph, resource) is None


def test_quotation_marks_in_a_resource_are_only_text(
    graph: ArmSettings, local_azure: LocalAzure
) -> None:
    local_azure.post("/_local/faults", [{"path": "s", "status": 200, "body": {"value": []}}] * 6)
    local_azure.delete("/_local/requests")
    assert find_resource(graph, "api://o'x") is None
    filters = [each["query"] for each in local_azure.requests("GET") if "/v1.0/" in each["path"]]
    assert filters
    assert all("o''x" in unquote(each) for each in filters)


@pytest.mark.parametrize("body", [{"value": [{"displayName": "without an id"}]}, []])
def test_service_principal_of_another_shape_is_not_guessed_at(
    graph: ArmSettings, local_azure: LocalAzure, body: object
) -> None:
    local_azure.post("/_local/faults", [{"path": "servicePrincipals", "status": 200, "body": body}])
    with pytest.raises(UnexpectedAnswer):
        find_resource(graph, "api://chat")


def test_tenant_of_the_credential_is_that_of_its_token(graph: ArmSettings) -> None:
    assert str(credential_tenant(graph)) == seed.TENANT_ID
