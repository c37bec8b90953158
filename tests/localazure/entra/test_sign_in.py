"""Interactive sign-in: with Microsoft's own client, and Entra's refusals."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import msal
import pytest
import requests

from localazure import seed
from localazure.entra.directory.home_tenant import Directory, User, derived_guid
from tests.cloud import LocalAzure

HERE = "http://localhost:8000/admin/sign-in/entra/login/callback/"
VERA = derived_guid("user", seed.VIEWER_UPN)
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-by-rfc-7636"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
ASKED = {
    "client_id": seed.PORTAL_APP_ID,
    "response_type": "code",
    "redirect_uri": HERE,
    "scope": "openid profile",
    "state": "what-i-was-doing",
    "nonce": "once",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
Send = Callable[..., requests.Response]


@pytest.fixture
def authorize(local_azure: LocalAzure) -> Send:
    """Send ASKED, with changes, to the authorize endpoint."""

    def send(method: str = "GET", **changes: str | None) -> requests.Response:
        asked = {name: value for name, value in (ASKED | changes).items() if value is not None}
        where = {"params": asked} if method == "GET" else {"data": asked}
        return requests.request(
            method,
            f"{local_azure.url}/{seed.TENANT_ID}/oauth2/v2.0/authorize",
            verify=str(local_azure.ca_file),
            allow_redirects=False,
            timeout=5,
            **where,  # type: ignore[arg-type]
        )

    return send


@pytest.fixture
def token(local_azure: LocalAzure) -> Send:
    """Redeem a code for tokens, by default as the portal."""

    def send(code: str, **changes: str) -> requests.Response:
        form = {
            "grant_type": "authorization_code",
            "client_id": seed.PORTAL_APP_ID,
            "client_secret": seed.PORTAL_SECRET,
            "code": code,
            "redirect_uri": HERE,
            "code_verifier": VERIFIER,
        }
        return requests.post(
            f"{local_azure.url}/{seed.TENANT_ID}/oauth2/v2.0/token",
            data=form | changes,
            verify=str(local_azure.ca_file),
            timeout=5,
        )

    return send


def redirected(answer: requests.Response) -> dict[str, str]:
    """Return the parameters of the redirect to the application."""
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(HERE)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@pytest.fixture
def code(authorize: Send) -> str:
    """An authorization code for Vera."""
    return redirected(authorize("POST", localazure_user=VERA))["code"]


def refused(answer: requests.Response) -> tuple[str, list[int]]:
    """Return the error and its numbers."""
    body: dict[str, Any] = answer.json()
    return body["error"], body["error_codes"]


# MSAL recommends form_post, which needs cross-site cookies.
@pytest.mark.filterwarnings("ignore:response_mode='form_post':UserWarning")
def test_msal_signs_user_in(local_azure: LocalAzure, authorize: Send) -> None:
    client = msal.ConfidentialClientApplication(
        seed.PORTAL_APP_ID,
        client_credential=seed.PORTAL_SECRET,
        authority=f"{local_azure.url}/{seed.TENANT_ID}",
        instance_discovery=False,
    )
    flow = client.initiate_auth_code_flow(scopes=[], redirect_uri=HERE)
    asked = dict(parse_qsl(urlsplit(flow["auth_uri"]).query))
    answer = authorize("POST", **asked, localazure_user=VERA)
    result = client.acquire_token_by_auth_code_flow(flow, redirected(answer))
    assert "error" not in result, result
    assert result["id_token_claims"]["preferred_username"] == seed.VIEWER_UPN


def test_page_lists_users(authorize: Send) -> None:
    page = authorize()
    assert page.status_code == 200
    assert seed.VIEWER_UPN in page.text
    assert "Fleet.Reader" in page.text


def test_page_escapes_parameters(authorize: Send) -> None:
    assert "<script>" not in authorize(state="<script>alert(1)</script>").text


def test_id_token_names_user(local_azure: LocalAzure, token: Send, code: str) -> None:
    keys = requests.get(
        f"{local_azure.url}/{seed.TENANT_ID}/discovery/v2.0/keys",
        verify=str(local_azure.ca_file),
        timeout=5,
    ).json()
    claims = jwt.decode(
        token(code).json()["id_token"],
        jwt.PyJWKSet(keys["keys"]).keys[0],
        algorithms=["RS256"],
        audience=seed.PORTAL_APP_ID,
        issuer=f"{local_azure.url}/{seed.TENANT_ID}/v2.0",
    )
    assert (claims["oid"], claims["tid"], claims["nonce"]) == (VERA, seed.TENANT_ID, "once")
    assert claims["roles"] == ["Fleet.Reader"]


def test_omits_roles_claim_without_roles(authorize: Send, token: Send) -> None:
    user_id = derived_guid("user", seed.NO_ROLE_UPN)
    found = redirected(authorize("POST", localazure_user=user_id))["code"]
    claims = jwt.decode(token(found).json()["id_token"], options={"verify_signature": False})
    assert "roles" not in claims


def test_returns_state(authorize: Send) -> None:
    assert redirected(authorize("POST", localazure_user=VERA))["state"] == "what-i-was-doing"


def test_reports_canceled_sign_in(authorize: Send) -> None:
    answer = redirected(authorize("POST", localazure_cancel="1"))
    assert answer["error"] == "access_denied"
    assert "AADSTS65004" in answer["error_description"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_reports_invalid_parameters_to_application(
    authorize: Send, changes: dict[str, str | None], error: str
) -> None:
    answer = redirected(authorize(**changes))
    assert (answer["error"], answer["state"]) == (error, "what-i-was-doing")


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"redirect_uri": "https://evil.example/admin/sign-in/entra/login/callback/"}, 50011),
        ({"redirect_uri": "http://localhost:8000/elsewhere/"}, 50011),
        ({"redirect_uri": "https://localhost:8000/admin/sign-in/entra/login/callback/"}, 50011),
        ({"redirect_uri": None}, 900144),
        ({"client_id": seed.CLIENT_OBJECT_ID}, 700016),
        ({"client_id": seed.CLIENT_ID}, 50011),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refuses_unregistered_redirect_uri(
    authorize: Send, method: str, changes: dict[str, str | None], number: int
) -> None:
    answer = authorize(method, **changes, localazure_user=VERA)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert f"AADSTS{number}" in answer.text


def test_code_is_redeemed_once(token: Send, code: str) -> None:
    assert token(code).status_code == 200
    assert refused(token(code)) == ("invalid_grant", [54005])


def test_wrong_verifier_uses_up_code(token: Send, code: str) -> None:
    assert refused(token(code, code_verifier="guessed" * 8)) == ("invalid_grant", [501481])
    assert refused(token(code)) == ("invalid_grant", [54005])


def test_refuses_missing_verifier(token: Send, code: str) -> None:
    assert refused(token(code, code_verifier="")) == ("invalid_grant", [501481])


@pytest.mark.parametrize(
    ("changes", "error", "number"),
    [
        ({"code": "1.guessed"}, "invalid_grant", 70000),
        ({"redirect_uri": HERE.replace("8000", "8001")}, "invalid_grant", 500112),
        ({"client_secret": "guessed"}, "invalid_client", 7000215),
        (
            {"client_id": seed.CLIENT_ID, "client_secret": seed.CLIENT_SECRET},
            "invalid_grant",
            70000,
        ),
    ],
)
def test_code_belongs_to_client(
    token: Send, code: str, changes: dict[str, str], error: str, number: int
) -> None:
    assert refused(token(**({"code": code} | changes))) == (error, [number])


def test_users_survive_restart() -> None:
    directory = Directory(seed.TENANT_ID)
    directory.add_user(User.from_seed(seed.user("Vera", seed.VIEWER_UPN, "Fleet.Reader")))
    assert Directory.from_json(directory.to_json()).users() == directory.users()
