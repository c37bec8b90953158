"""Key Vault references and grants over the API."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from localazure import seed
from tests.accounts.callers import caller
from tests.api.fleet import instance
from tests.cloud import LocalAzure
from tests.sync.worker import imported, set_desired

pytestmark = pytest.mark.django_db

LAB = f"/api/v1/instances/{seed.LAB}/"
VAULT = "contoso-vault"
NAMING = {
    "urlTemplate": "https://receiver.example/{hub}?code="
    f"{{@Microsoft.KeyVault(SecretUri=https://{VAULT}.vault.azure.net/secrets/code)}}",
}


@pytest.fixture
def operator(local_azure: LocalAzure) -> APIClient:
    set_desired(imported(seed.LAB), "SystemAssigned", NAMING)
    return caller(Role.OPERATOR)


def put(client: APIClient, *grants: dict[str, Any]) -> Any:
    tag = client.get(f"{LAB}grants/")["ETag"]
    return client.put(f"{LAB}grants/", list(grants), format="json", headers={"If-Match": tag})


def test_lists_references_by_name(operator: APIClient) -> None:
    (row,) = operator.get(f"{LAB}references/").json()
    assert (row["vault"], row["secret"]) == (VAULT, "code")
    assert row["state"] == "Not checked yet"


def test_refreshes_references_on_request(operator: APIClient, local_azure: LocalAzure) -> None:
    asked = len(local_azure.requests())
    operator.get(f"{LAB}references/")
    assert len(local_azure.requests()) == asked
    assert operator.post(f"{LAB}references/").status_code == 200
    assert len(local_azure.requests()) > asked


def test_grant_is_desired_until_declined(operator: APIClient) -> None:
    assert operator.get(f"{LAB}grants/").json() == [{"vault": VAULT, "is_desired": True}]
    answer = put(operator, {"vault": VAULT, "is_desired": False})
    assert answer.json() == [{"vault": VAULT, "is_desired": False}]
    assert put(operator, {"vault": VAULT, "is_desired": True}).json()[0]["is_desired"] is True


def test_refuses_grant_of_vault_that_no_template_names(operator: APIClient) -> None:
    answer = put(operator, {"vault": "other", "is_desired": True})
    assert answer.status_code == 400
    assert "vault" in answer.json()["errors"]


def test_grants_nothing_without_an_identity(operator: APIClient) -> None:
    identity = {"type": "None"}
    operator.put(f"{LAB}identity/", identity, format="json", headers={"If-Match": "*"})
    assert put(operator, {"vault": VAULT, "is_desired": True}).status_code == 400


def test_instance_without_references_has_none() -> None:
    instance()
    client = caller(Role.OPERATOR)
    for part in ("references", "grants"):
        assert client.get(f"/api/v1/instances/contoso-a/{part}/").json() == []
    assert client.post("/api/v1/instances/contoso-a/references/").json() == []


def test_lists_known_vaults(operator: APIClient) -> None:
    operator.post(f"{LAB}references/")
    (row,) = operator.get("/api/v1/key-vaults/").json()["results"]
    assert row["name"] == VAULT
