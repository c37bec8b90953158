from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from localazure import seed
from tests.cloud import LocalAzure

ARM = "https://management.azure.com/.default"


def fetch(cloud: LocalAzure, path: str) -> Any:
    return requests.get(cloud.url + path, verify=str(cloud.ca_file), timeout=5).json()


def published(cloud: LocalAzure, path: str = f"/{seed.TENANT_ID}/discovery/keys") -> jwt.PyJWKSet:
    return jwt.PyJWKSet(fetch(cloud, path)["keys"])


def order(cloud: LocalAzure, **what: Any) -> str:
    token: str = cloud.post("/_local/tokens", {"resource": "api://mine"} | what)["token"]
    return token


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize("version", ["", "v2.0/"])
def test_discovery_leads_to_keys(local_azure: LocalAzure, version: str) -> None:
    document = fetch(local_azure, f"/{seed.TENANT_ID}/{version}.well-known/openid-configuration")
    keys = published(local_azure, document["jwks_uri"].removeprefix(local_azure.url))
    assert len(keys.keys) == 1
    assert document["token_endpoint"].startswith(local_azure.url)


def test_v1_discovery_names_sts_issuer(local_azure: LocalAzure) -> None:
    document = fetch(local_azure, f"/{seed.TENANT_ID}/.well-known/openid-configuration")
    assert document["issuer"] == f"https://sts.windows.net/{seed.TENANT_ID}/"
    shared = fetch(local_azure, "/common/.well-known/openid-configuration")
    assert shared["issuer"] == "https://sts.windows.net/{tenantid}/"


def test_only_v2_keys_name_their_issuer(local_azure: LocalAzure) -> None:
    (v1,) = fetch(local_azure, f"/{seed.TENANT_ID}/discovery/keys")["keys"]
    (v2,) = fetch(local_azure, f"/{seed.TENANT_ID}/discovery/v2.0/keys")["keys"]
    assert "issuer" not in v1
    assert v2["issuer"] == f"{local_azure.url}/{seed.TENANT_ID}/v2.0"
    assert v1["kid"] == v1["x5t"] == v2["kid"]


def test_refuses_unknown_tenant(local_azure: LocalAzure) -> None:
    answer = fetch(local_azure, "/nowhere.example/.well-known/openid-configuration")
    assert answer["error_codes"] == [90002]


def test_issues_token_to_azure_identity(credential: ClientSecretCredential) -> None:
    claims = claims_of(credential.get_token(ARM).token)
    assert claims["aud"] == "https://management.azure.com"
    assert claims["appid"] == seed.CLIENT_ID
    assert claims["oid"] == seed.CLIENT_OBJECT_ID
    assert claims["appidacr"] == "1"


@pytest.mark.parametrize(
    ("client", "secret", "code"),
    [
        (seed.CLIENT_ID, "wrong", "AADSTS7000215"),
        ("cccccccc-0000-4000-8000-00000000dead", "any", "AADSTS700016"),
    ],
)
def test_refuses_wrong_credential_with_code(
    local_azure: LocalAzure, client: str, secret: str, code: str
) -> None:
    with (
        ClientSecretCredential(
            seed.TENANT_ID,
            client,
            secret,
            authority=local_azure.url,
            disable_instance_discovery=True,
        ) as credential,
        pytest.raises(ClientAuthenticationError, match=code),
    ):
        credential.get_token(ARM)


def test_log_hides_secret(local_azure: LocalAzure, credential: ClientSecretCredential) -> None:
    credential.get_token(ARM)
    (request,) = local_azure.requests("POST")
    assert request["body"]["client_id"] == seed.CLIENT_ID
    assert seed.CLIENT_SECRET not in str(request)


def test_rotation_keeps_old_keys_published(local_azure: LocalAzure) -> None:
    before = order(local_azure)
    kid = local_azure.post("/_local/keys/rotate")["kid"]
    keys = published(local_azure)
    assert len(keys.keys) == 2
    assert jwt.get_unverified_header(order(local_azure))["kid"] == kid
    jwt.decode(before, keys[jwt.get_unverified_header(before)["kid"]], audience="api://mine")


def test_token_of_instance_names_its_identity(local_azure: LocalAzure) -> None:
    claims = claims_of(order(local_azure, principal=seed.CHAT))
    assert claims["oid"] == seed.CHAT_PRINCIPAL_ID
    arm_id = seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
    assert claims_of(order(local_azure, principal=arm_id))["oid"] == seed.ORDERS_PRINCIPAL_ID
    assert claims_of(order(local_azure))["oid"] not in {
        seed.CHAT_PRINCIPAL_ID,
        seed.ORDERS_PRINCIPAL_ID,
    }


def test_replaces_and_removes_claims_and_headers(local_azure: LocalAzure) -> None:
    expired = int(time.time()) - 1
    token = order(local_azure, claims={"exp": expired, "oid": None}, header={"typ": "x"})
    assert claims_of(token)["exp"] == expired
    assert "oid" not in claims_of(token)
    assert jwt.get_unverified_header(token)["typ"] == "x"


def test_other_tenant_has_other_issuer(local_azure: LocalAzure) -> None:
    claims = claims_of(order(local_azure, tenant=seed.OTHER_TENANT_ID))
    assert claims["tid"] == seed.OTHER_TENANT_ID
    assert claims["iss"] == f"https://sts.windows.net/{seed.OTHER_TENANT_ID}/"


@pytest.mark.parametrize(
    ("key", "algorithm"), [("unknown", "RS256"), ("none", "none"), ("hs256-public-key", "HS256")]
)
def test_forged_tokens_are_invalid(local_azure: LocalAzure, key: str, algorithm: str) -> None:
    token = order(local_azure, key=key)
    header = jwt.get_unverified_header(token)
    assert header["alg"] == algorithm
    keys = {one.key_id: one for one in published(local_azure).keys}
    assert (header["kid"] in keys) is (key != "unknown")


def test_issues_v2_token_by_registration(local_azure: LocalAzure) -> None:
    local_azure.seed(
        applications=[
            {
                "displayName": "Modern",
                "appId": "cccccccc-0000-4000-8000-00000000beef",
                "identifierUris": ["api://modern"],
                "requestedAccessTokenVersion": 2,
            }
        ]
    )
    claims = claims_of(order(local_azure, resource="api://modern", principal=seed.CHAT))
    assert claims["aud"] == "cccccccc-0000-4000-8000-00000000beef"
    assert claims["iss"] == f"{local_azure.url}/{seed.TENANT_ID}/v2.0"
    assert (claims["ver"], "appid" in claims) == ("2.0", False)
