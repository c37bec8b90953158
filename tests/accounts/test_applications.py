"""Applications of Microsoft Entra: their tokens, and the app roles in them."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from localazure import seed
from tests.accounts.callers import bearing
from tests.api.routes import routes
from tests.cloud import LocalAzure

pytestmark = pytest.mark.django_db

AUDIENCE = seed.UPSTREAM_APP_ID
INSTANCES = "/api/v1/instances/"


@pytest.fixture
def entra(local_azure: LocalAzure, settings: Settings) -> LocalAzure:
    settings.API = settings.API | {"TENANT_ID": seed.TENANT_ID, "AUDIENCES": [AUDIENCE]}
    return local_azure


def issued(cloud: LocalAzure, resource: str = AUDIENCE, **claims: Any) -> str:
    asked = {"resource": resource, "principal": seed.CHAT, "claims": claims}
    return str(cloud.post("/_local/tokens", asked)["token"])


def test_managed_identity_with_app_role_reads(entra: LocalAzure) -> None:
    client = bearing(issued(entra, roles=["Fleet.Reader"]))
    assert client.get(INSTANCES).status_code == 200


@pytest.mark.parametrize("roles", [[], ["Fleet.Other"], None, "Fleet.Reader"])
def test_managed_identity_without_app_role_is_forbidden(entra: LocalAzure, roles: object) -> None:
    assert bearing(issued(entra, roles=roles)).get(INSTANCES).status_code == 403


@pytest.mark.parametrize(
    "claims",
    [
        {"scp": "user_impersonation", "roles": None},
        {"scp": "user_impersonation", "roles": ["Fleet.Admin"]},
        {"scp": "", "roles": ["Fleet.Admin"]},
        {"idtyp": "user", "roles": ["Fleet.Admin"]},
        {"idtyp": None, "scp": "Fleet.Read", "roles": ["Fleet.Admin"]},
    ],
)
def test_refuses_delegated_token_of_user(entra: LocalAzure, claims: dict[str, Any]) -> None:
    answer = bearing(issued(entra, **claims)).get(INSTANCES)
    assert answer.status_code == 401
    # Claims are compared before the signature, so the answer does not name the claim; the log does.
    assert answer.json()["detail"] == "The token's claims do not match the required values."


@pytest.mark.parametrize("idtyp", ["app", None])
def test_accepts_idtyp_of_application(entra: LocalAzure, idtyp: str | None) -> None:
    client = bearing(issued(entra, idtyp=idtyp, roles=["Fleet.Reader"]))
    assert client.get(INSTANCES).status_code == 200


def test_application_without_role_is_forbidden_everywhere(entra: LocalAzure) -> None:
    client = bearing(issued(entra, roles=[]))
    found = {getattr(client, each.method)(each.address).status_code for each in routes()}
    assert found == {403}


def test_refuses_token_for_another_audience(entra: LocalAzure) -> None:
    secret = issued(entra, "https://management.azure.com/", roles=["Fleet.Admin"])
    assert bearing(secret).get(INSTANCES).status_code == 401


def test_refuses_unsigned_token(entra: LocalAzure) -> None:
    secret = issued(entra, roles=["Fleet.Admin"])
    assert bearing(secret[:-8] + "AAAAAAAA").get(INSTANCES).status_code == 401


@pytest.mark.parametrize("secret", ["x", "a.b.c", "e30.W10.x", "e30.e30.x"])
def test_refuses_malformed_token(entra: LocalAzure, secret: str) -> None:
    assert bearing(secret).get(INSTANCES).status_code == 401


def test_refuses_entra_tokens_without_configuration(local_azure: LocalAzure) -> None:
    answer = bearing(issued(local_azure, roles=["Fleet.Admin"])).get(INSTANCES)
    assert answer.status_code == 401
    assert "SIGNALMAN_API_TENANT_ID" in answer.json()["detail"]
