"""Client authentication: secret, certificate, workload token, managed identity."""

from __future__ import annotations

import base64
import datetime as dt
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from localazure import seed
from tests.cloud import LocalAzure

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
APP_ID = "cccccccc-0000-4000-8000-0000000000bb"
IDENTITY_ID = seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
# RFC 7515: an x5t is a SHA-1 thumbprint.
_THUMBPRINT = hashes.SHA1()  # noqa: S303
SUBJECT = "system:serviceaccount:default:signalman"


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    return (
        builder.not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )


def token(cloud: LocalAzure, client_id: str, **form: str) -> requests.Response:
    """Ask the v2 endpoint for a token for ARM."""
    return requests.post(
        f"{cloud.url}/{seed.TENANT_ID}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": client_id,
            "scope": "https://management.azure.com/.default",
            **form,
        },
        verify=str(cloud.ca_file),
        timeout=10,
    )


def code(answer: requests.Response) -> int:
    number: int = answer.json()["error_codes"][0]
    return number


def present(cloud: LocalAzure, client_id: str, assertion: str) -> requests.Response:
    return token(cloud, client_id, client_assertion=assertion, client_assertion_type=ASSERTION_TYPE)


Signer = Callable[..., str]


@pytest.fixture
def sign(local_azure: LocalAzure, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> Signer:
    """Return a function that signs assertions of an application with this certificate."""
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    application = {"appId": APP_ID, "displayName": "By certificate", "certificates": [pem]}
    local_azure.seed(applications=[application])
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(_THUMBPRINT)).decode()

    def signed(signing_key: rsa.RSAPrivateKey = key, x5t: str = thumbprint, **claims: Any) -> str:
        now = int(time.time())
        payload = {
            "iss": APP_ID,
            "sub": APP_ID,
            "aud": f"{local_azure.url}/{seed.TENANT_ID}/oauth2/v2.0/token",
            "jti": str(uuid.uuid4()),
            "nbf": now,
            "exp": now + 600,
        } | claims
        return jwt.encode(payload, signing_key, algorithm="RS256", headers={"x5t": x5t})

    return signed


def test_accepts_certificate(local_azure: LocalAzure, sign: Signer) -> None:
    issued = present(local_azure, APP_ID, sign()).json()["access_token"]
    claims = jwt.decode(issued, options={"verify_signature": False})
    assert claims["appid"] == APP_ID


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"aud": "https://elsewhere.example/token"}, 700023),
        ({"iss": seed.CLIENT_ID}, 700021),
        ({"sub": seed.CLIENT_ID}, 700021),
        ({"exp": 1}, 700024),
        ({"nbf": int(time.time()) + 3600}, 700024),
        ({"x5t": "AAAA"}, 700027),
    ],
)
def test_refuses_invalid_certificate_assertion(
    local_azure: LocalAzure, sign: Signer, claims: dict[str, Any], number: int
) -> None:
    refused = present(local_azure, APP_ID, sign(**claims))
    assert (refused.status_code, code(refused)) == (401, number)


def test_refuses_assertion_signed_with_another_key(local_azure: LocalAzure, sign: Signer) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert code(present(local_azure, APP_ID, sign(other))) == 700027
    assert code(present(local_azure, APP_ID, "no-token")) == 50027


def test_names_what_is_missing(local_azure: LocalAzure) -> None:
    assert code(token(local_azure, seed.CLIENT_ID)) == 7000218
    assert code(token(local_azure, seed.CLIENT_ID, client_secret="wrong")) == 7000215
    assert code(token(local_azure, str(uuid.uuid4()))) == 700016


@pytest.fixture
def workload(local_azure: LocalAzure) -> Callable[..., str]:
    """Return a function that issues tokens of the workload of `id-orders`."""

    def issued(subject: str = SUBJECT, **more: Any) -> str:
        order = {"subject": subject} | more
        found: str = local_azure.post("/_local/workload-tokens", order)["token"]
        return found

    credential = {
        "issuer": f"{local_azure.url}/_local/issuer",
        "subject": SUBJECT,
        "audiences": ["api://AzureADTokenExchange"],
    }
    properties = {"principalId": seed.ORDERS_PRINCIPAL_ID, "clientId": seed.ORDERS_CLIENT_ID}
    local_azure.seed(
        identities=[
            {
                "id": IDENTITY_ID,
                "properties": properties,
                "federatedCredentials": {"cluster": credential},
            }
        ]
    )
    return issued


def test_exchanges_workload_token(local_azure: LocalAzure, workload: Callable[..., str]) -> None:
    issued = present(local_azure, seed.ORDERS_CLIENT_ID, workload()).json()["access_token"]
    claims = jwt.decode(issued, options={"verify_signature": False})
    assert claims["oid"] == seed.ORDERS_PRINCIPAL_ID


@pytest.mark.parametrize(
    ("order", "number"),
    [
        ({"subject": "system:serviceaccount:default:other"}, 700213),
        ({"audience": "api://other"}, 700212),
        ({"claims": {"iss": "https://issuer.example/"}}, 700211),
        ({"claims": {"exp": 1, "nbf": 0}}, 700024),
    ],
)
def test_refuses_invalid_workload_token(
    local_azure: LocalAzure, workload: Callable[..., str], order: dict[str, Any], number: int
) -> None:
    refused = present(local_azure, seed.ORDERS_CLIENT_ID, workload(**order))
    assert code(refused) == number


def test_refuses_altered_workload_token(
    local_azure: LocalAzure, workload: Callable[..., str], key: rsa.RSAPrivateKey
) -> None:
    token_text = workload()
    claims = jwt.decode(token_text, options={"verify_signature": False})
    header = jwt.get_unverified_header(token_text)
    forged = jwt.encode(claims, key, algorithm="RS256", headers={"kid": header["kid"]})
    assert code(present(local_azure, seed.ORDERS_CLIENT_ID, forged)) == 700027
    unknown = jwt.encode(claims, key, algorithm="RS256", headers={"kid": "unknown"})
    assert code(present(local_azure, seed.ORDERS_CLIENT_ID, unknown)) == 50013


def metadata(cloud: LocalAzure, path: str, headers: dict[str, str], **query: str) -> Any:
    answer = requests.get(
        cloud.url + path,
        params={"resource": "https://management.azure.com/"} | query,
        headers=headers,
        verify=str(cloud.ca_file),
        timeout=10,
    )
    return answer.status_code, answer.json()


def test_metadata_service_issues_tokens(local_azure: LocalAzure) -> None:
    path = "/metadata/identity/oauth2/token"
    version = {"api-version": "2018-02-01"}
    status, body = metadata(local_azure, path, {"Metadata": "true"}, **version)
    assert (status, body["token_type"], body["expires_in"]) == (200, "Bearer", "86400")
    selected = version | {"client_id": seed.ORDERS_CLIENT_ID}
    _, body = metadata(local_azure, path, {"Metadata": "true"}, **selected)
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert claims["oid"] == seed.ORDERS_PRINCIPAL_ID


@pytest.mark.parametrize(
    ("headers", "query", "message"),
    [
        ({}, {}, "Required metadata header not specified"),
        ({"Metadata": "true"}, {"client_id": str(uuid.uuid4())}, "Identity not found"),
    ],
)
def test_metadata_service_refuses(
    local_azure: LocalAzure, headers: dict[str, str], query: dict[str, str], message: str
) -> None:
    asked = {"api-version": "2018-02-01"} | query
    status, body = metadata(local_azure, "/metadata/identity/oauth2/token", headers, **asked)
    assert (status, body["error_description"]) == (400, message)


def test_app_service_endpoint_needs_its_header(local_azure: LocalAzure) -> None:
    version = {"api-version": "2019-08-01"}
    status, _ = metadata(local_azure, "/msi/token", {"X-IDENTITY-HEADER": "wrong"}, **version)
    assert status == 401
    headers = {"X-IDENTITY-HEADER": seed.IDENTITY_HEADER}
    status, body = metadata(local_azure, "/msi/token", headers, **version)
    assert status == 200
    assert int(body["expires_on"]) > time.time()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_discovery_stays_on_the_host_of_the_request(local_azure: LocalAzure, host: str) -> None:
    base = local_azure.url.replace("localhost", host)
    url = f"{base}/{seed.TENANT_ID}/v2.0/.well-known/openid-configuration"
    document = requests.get(url, verify=str(local_azure.ca_file), timeout=10).json()
    assert document["issuer"] == f"{base}/{seed.TENANT_ID}/v2.0"
    assert document["token_endpoint"].startswith(base)
