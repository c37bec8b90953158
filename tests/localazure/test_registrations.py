"""Applications that are registered through Microsoft Graph."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from localazure import seed
from tests.cloud import LocalAzure

ARM_SCOPE = "https://management.azure.com/.default"


class Graph:
    """Microsoft Graph, called with the token of an identity."""

    def __init__(self, cloud: LocalAzure) -> None:
        order = {"resource": "https://graph.microsoft.com", "principal": seed.CHAT}
        token = cloud.post("/_local/tokens", order)["token"]
        self._url = f"{cloud.url}/v1.0/"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.verify = str(cloud.ca_file)

    def __call__(self, method: str, path: str, **body: Any) -> requests.Response:
        """Send a request, with `body` as JSON."""
        return self._session.request(method, self._url + path, json=body or None, timeout=5)

    def register(self, name: str, **rest: Any) -> dict[str, Any]:
        """Register an application, and return it."""
        created = self("POST", "applications", displayName=name, **rest)
        assert created.status_code == 201, created.text
        found: dict[str, Any] = created.json()
        return found

    def add_password(self, application: dict[str, Any]) -> dict[str, Any]:
        """Return a new secret of an application."""
        described = {"displayName": "rbac"}
        path = f"applications/{application['id']}/addPassword"
        secret: dict[str, Any] = self("POST", path, passwordCredential=described).json()
        return secret


@pytest.fixture
def graph(local_azure: LocalAzure) -> Graph:
    return Graph(local_azure)


def token_of(cloud: LocalAzure, application: dict[str, Any], secret: str) -> str:
    """Return an access token that the application obtains with a secret."""
    with ClientSecretCredential(
        seed.TENANT_ID,
        application["appId"],
        secret,
        authority=cloud.url,
        disable_instance_discovery=True,
    ) as one:
        return one.get_token(ARM_SCOPE).token


def test_registers_application(graph: Graph) -> None:
    created = graph.register("Tutorial")
    assert created["passwordCredentials"] == []
    assert graph("GET", f"applications/{created['id']}").json() == created
    principals = graph("GET", f"servicePrincipals?$filter=appId eq '{created['appId']}'")
    assert principals.json()["value"] == []


def test_secret_obtains_token_until_removed(graph: Graph, local_azure: LocalAzure) -> None:
    created = graph.register("Tutorial")
    secret = graph.add_password(created)
    assert token_of(local_azure, created, secret["secretText"])
    [shown] = graph("GET", f"applications/{created['id']}").json()["passwordCredentials"]
    assert (shown["keyId"], shown["secretText"]) == (secret["keyId"], None)
    path = f"applications/{created['id']}/removePassword"
    assert graph("POST", path, keyId=secret["keyId"]).status_code == 204
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        token_of(local_azure, created, secret["secretText"])
    assert graph("POST", path, keyId=secret["keyId"]).status_code == 400


def test_service_principal_exists_once(graph: Graph) -> None:
    created = graph.register("Tutorial")
    principal = graph("POST", "servicePrincipals", appId=created["appId"], accountEnabled=True)
    assert principal.status_code == 201
    assert principal.json()["id"] not in {created["id"], created["appId"]}
    again = graph("POST", "servicePrincipals", appId=created["appId"])
    assert again.status_code == 409
    path = f"servicePrincipals/{principal.json()['id']}"
    assert graph("DELETE", path).status_code == 204
    assert graph("DELETE", path).status_code == 404


def test_service_principal_needs_application(graph: Graph) -> None:
    refused = graph("POST", "servicePrincipals", appId=seed.TENANT_ID)
    assert refused.status_code == 400
    # az repeats the request where the message says so.
    assert " does not reference " in refused.json()["error"]["message"]


def test_updates_and_deletes_application(graph: Graph, local_azure: LocalAzure) -> None:
    created = graph.register("Tutorial", api={"requestedAccessTokenVersion": 2})
    path = f"applications/{created['id']}"
    uri = f"api://{created['appId']}"
    assert graph("PATCH", path, identifierUris=[uri]).status_code == 204
    updated = graph("GET", path).json()
    assert updated["identifierUris"] == [uri]
    assert updated["api"] == {"requestedAccessTokenVersion": 2}
    taken = graph("PATCH", path, identifierUris=[seed.UPSTREAM_APP_URI])
    assert taken.status_code == 409
    secret = graph.add_password(created)["secretText"]
    assert graph("DELETE", path).status_code == 204
    assert graph("GET", path).status_code == 404
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        token_of(local_azure, created, secret)


def test_refuses_unknown_property(graph: Graph) -> None:
    refused = graph("POST", "applications", displayName="Tutorial", samlMetadataUrl="x")
    assert refused.status_code == 400
    assert "samlMetadataUrl" in refused.json()["error"]["message"]
