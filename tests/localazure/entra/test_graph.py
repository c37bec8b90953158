from __future__ import annotations

from typing import Any

import pytest
import requests

from localazure import seed
from localazure.entra.directory.home_tenant import derived_guid
from localazure.entra.metadata_service import MACHINE_ID
from tests.cloud import LocalAzure

APPLICATIONS = ["Signalman", "Auditor", "Signalman upstream", "Signalman portal"]


@pytest.fixture
def headers(local_azure: LocalAzure) -> dict[str, str]:
    order = {"resource": "https://graph.microsoft.com", "principal": seed.CHAT}
    token = local_azure.post("/_local/tokens", order)["token"]
    return {"Authorization": f"Bearer {token}"}


def ask(cloud: LocalAzure, path: str, headers: dict[str, str], **query: str) -> requests.Response:
    url = path if path.startswith("https://") else f"{cloud.url}/v1.0/{path}"
    params = {f"${name}": value for name, value in query.items()}
    ca_file = str(cloud.ca_file)
    return requests.get(url, params=params, headers=headers, verify=ca_file, timeout=5)


def names(answer: requests.Response) -> list[str]:
    return [one["displayName"] for one in answer.json()["value"]]


def test_lists_applications(local_azure: LocalAzure, headers: dict[str, str]) -> None:
    assert names(ask(local_azure, "applications", headers)) == APPLICATIONS


@pytest.mark.parametrize(
    "filter_",
    [
        f"appId eq '{seed.UPSTREAM_APP_ID}'",
        "startswith(displayName, 'signalman u')",
        f"identifierUris/any(x:x eq '{seed.UPSTREAM_APP_URI}')",
    ],
)
def test_filters_applications(
    local_azure: LocalAzure, headers: dict[str, str], filter_: str
) -> None:
    answer = ask(local_azure, "applications", headers, filter=filter_)
    assert names(answer) == ["Signalman upstream"]


def test_search_needs_eventual_consistency(
    local_azure: LocalAzure, headers: dict[str, str]
) -> None:
    search = '"displayName:upstream"'
    refused = ask(local_azure, "applications", headers, search=search)
    assert (refused.status_code, refused.json()["error"]["code"]) == (
        400,
        "Request_UnsupportedQuery",
    )
    eventual = headers | {"ConsistencyLevel": "eventual"}
    found = ask(local_azure, "applications", eventual, search=search)
    assert names(found) == ["Signalman upstream"]


def test_follows_pages(local_azure: LocalAzure, headers: dict[str, str]) -> None:
    first = ask(local_azure, "applications", headers, top="2", select="displayName")
    second = ask(local_azure, first.json()["@odata.nextLink"], headers)
    assert names(first) + names(second) == APPLICATIONS
    assert set(first.json()["value"][0]) == {"id", "displayName"}
    assert "@odata.nextLink" not in second.json()


def test_lists_managed_identities_as_service_principals(
    local_azure: LocalAzure, headers: dict[str, str]
) -> None:
    filter_ = "servicePrincipalType eq 'ManagedIdentity'"
    found: list[dict[str, Any]] = ask(
        local_azure, "servicePrincipals", headers, filter=filter_
    ).json()["value"]
    assert {one["id"] for one in found} == {
        seed.CHAT_PRINCIPAL_ID,
        seed.ORDERS_PRINCIPAL_ID,
        seed.SHARED_PRINCIPAL_ID,
        derived_guid("principal", MACHINE_ID),
    }
    one = ask(local_azure, f"servicePrincipals/{seed.CHAT_PRINCIPAL_ID}", headers).json()
    assert one["displayName"] == seed.CHAT


def test_refuses_unsupported_query(local_azure: LocalAzure, headers: dict[str, str]) -> None:
    assert ask(local_azure, "applications", headers, filter="x ne 'y'").status_code == 400
    assert ask(local_azure, "applications/missing", headers).status_code == 404
    assert ask(local_azure, "applications", {}).status_code == 401
