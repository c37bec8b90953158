"""Sign-in with Entra: the accounts that it creates, and what it refuses."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import Settings

from accounts.sign_in import configuration
from localazure import seed
from localazure.entra.directory.home_tenant import derived_guid
from tests.cloud import LocalAzure

pytestmark = pytest.mark.django_db

HOST = {"host": "localhost:8000"}
LEAVE = "/admin/sign-in/entra/login/"
SIGN_IN = {
    "TENANT_ID": seed.TENANT_ID,
    "CLIENT_ID": seed.PORTAL_APP_ID,
    "CLIENT_SECRET": seed.PORTAL_SECRET,
}
Enter = Callable[..., Any]


@pytest.fixture
def entra(local_azure: LocalAzure, settings: Settings) -> LocalAzure:
    """Local Azure, as the Entra that people sign in with."""
    app = {
        "provider_id": "entra",
        "name": "Microsoft Entra",
        "client_id": SIGN_IN["CLIENT_ID"],
        "secret": SIGN_IN["CLIENT_SECRET"],
        "settings": {
            "server_url": f"{local_azure.url}/{seed.TENANT_ID}/v2.0",
            "fetch_userinfo": False,
            "uid_field": "oid",
        },
    }
    known = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": known | {"APPS": [app]}}
    settings.SIGN_IN = SIGN_IN
    return local_azure


def choose(cloud: LocalAzure, address: str, principal_name: str) -> str:
    """Choose a person on Entra's page, and return where that leads."""
    with requests.Session() as browser:
        browser.verify = str(cloud.ca_file)
        page = browser.get(address, timeout=5).text
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.split("<button")[0]))
        fields["localazure_user"] = derived_guid("user", principal_name)
        answer = browser.post(
            address.partition("?")[0], data=fields, timeout=5, allow_redirects=False
        )
    return answer.headers["Location"]


@pytest.fixture
def enter(entra: LocalAzure) -> Enter:
    """Signs a user in with Entra, in the browser `client`; returns the portal's response."""

    def sign_in(client: Client, principal_name: str, **query: str) -> Any:
        away = client.post(LEAVE, query_params=query, headers=HOST)
        back = urlsplit(choose(entra, away["Location"], principal_name))
        return client.get(f"{back.path}?{back.query}", headers=HOST)

    return sign_in


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines about failed sign-ins."""
    messages = [record.getMessage() for record in caplog.records]
    return [each for each in messages if each.startswith("Sign-in with Entra failed")]


def roles(username: str) -> set[str]:
    return set(Group.objects.filter(user__username=username).values_list("name", flat=True))


@pytest.mark.parametrize(
    ("principal_name", "role"),
    [
        (seed.VIEWER_UPN, "viewers"),
        (seed.OPERATOR_UPN, "operators"),
        (seed.ADMINISTRATOR_UPN, "administrators"),
    ],
)
def test_app_role_becomes_role(
    client: Client, enter: Enter, principal_name: str, role: str
) -> None:
    assert enter(client, principal_name).status_code == 302
    assert roles(principal_name) == {role}
    user = User.objects.get(username=principal_name)
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False)


def test_creates_no_account_without_role(client: Client, enter: Enter) -> None:
    answer = enter(client, seed.NO_ROLE_UPN)
    assert answer.status_code == 403
    assert "You have no role in Signalman" in answer.content.decode()
    assert not User.objects.exists()


def test_removed_role_ends_in_open_sessions(
    client: Client, entra: LocalAzure, enter: Enter
) -> None:
    enter(client, seed.ADMINISTRATOR_UPN)
    entra.seed(users=[seed.user("Ada", seed.ADMINISTRATOR_UPN)])
    assert enter(Client(), seed.ADMINISTRATOR_UPN).status_code == 403
    assert roles(seed.ADMINISTRATOR_UPN) == set()
    assert client.get("/admin/", headers=HOST).status_code == 302


def test_keeps_groups_that_are_not_roles(client: Client, enter: Enter) -> None:
    enter(client, seed.VIEWER_UPN)
    own = Group.objects.create(name="night shift")
    own.user_set.add(User.objects.get(username=seed.VIEWER_UPN))
    enter(client, seed.VIEWER_UPN)
    assert roles(seed.VIEWER_UPN) == {"viewers", "night shift"}


def test_entra_user_is_not_matched_to_local_account(client: Client, enter: Enter) -> None:
    local = User.objects.create_superuser(seed.VIEWER_UPN, seed.VIEWER_UPN, "a-password")
    enter(client, seed.VIEWER_UPN)
    signed_in = User.objects.get(pk=client.session["_auth_user_id"])
    assert signed_in != local
    assert signed_in.username == f"{seed.VIEWER_UPN}.{derived_guid('user', seed.VIEWER_UPN)}"


def test_reassigned_address_is_another_user(
    client: Client, entra: LocalAzure, enter: Enter
) -> None:
    enter(client, seed.VIEWER_UPN)
    first = client.session["_auth_user_id"]
    newcomer = seed.user("Viktor", seed.VIEWER_UPN, "Fleet.Reader") | {
        "id": derived_guid("user", seed.NO_ROLE_UPN)
    }
    entra.seed(users=[newcomer])
    enter(client, seed.NO_ROLE_UPN)
    assert client.session["_auth_user_id"] != first


def test_local_account_is_not_connected_to_entra(client: Client, enter: Enter) -> None:
    local = User.objects.create_user("local", password="a-password", is_staff=True)
    client.force_login(local)
    answer = enter(client, seed.ADMINISTRATOR_UPN, process="connect")
    assert answer.status_code == 403
    assert roles("local") == set()
    assert not local.socialaccount_set.exists()


def test_refuses_deactivated_account(client: Client, enter: Enter) -> None:
    enter(client, seed.VIEWER_UPN)
    User.objects.update(is_active=False)
    answer = enter(Client(), seed.VIEWER_UPN)
    assert answer.status_code == 403
    assert "deactivated" in answer.content.decode()


def test_refuses_unsolicited_response(client: Client, entra: LocalAzure) -> None:
    answer = client.get(LEAVE + "callback/?code=1.stolen&state=guessed", headers=HOST)
    assert answer.status_code == 403
    assert not User.objects.exists()


def test_refuses_code_of_another_browser(client: Client, entra: LocalAzure) -> None:
    mine = client.post(LEAVE, headers=HOST)["Location"]
    theirs = Client().post(LEAVE, headers=HOST)["Location"]
    state = re.search(r"state=(\w+)", mine)
    assert state is not None
    back = urlsplit(choose(entra, theirs, seed.ADMINISTRATOR_UPN))
    query = re.sub(r"state=\w+", state[0], back.query)
    assert client.get(f"{back.path}?{query}", headers=HOST).status_code == 403
    assert "_auth_user_id" not in client.session


def test_sign_in_uses_pkce(client: Client, entra: LocalAzure) -> None:
    away = client.post(LEAVE, headers=HOST)["Location"]
    assert "code_challenge_method=S256" in away


def test_get_does_not_sign_in(client: Client, entra: LocalAzure) -> None:
    assert client.get(LEAVE, headers=HOST).status_code == 405


def test_says_that_entra_cannot_be_reached(
    client: Client, entra: LocalAzure, caplog: pytest.LogCaptureFixture
) -> None:
    entra.post(
        "/_local/faults", [{"method": "GET", "path": ".*openid-configuration", "drop": True}]
    )
    answer = client.post(LEAVE, headers=HOST)
    assert answer.status_code == 502
    assert "cannot be reached" in answer.content.decode()
    assert logged(caplog) == ["Sign-in with Entra failed: unreachable."]


def test_wrong_secret_is_named_on_page_and_in_log(
    client: Client, enter: Enter, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (app,) = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    app["secret"] = "expired-or-wrong"
    answer = enter(client, seed.VIEWER_UPN)
    assert answer.status_code == 403
    assert "SIGNALMAN_SIGN_IN_CLIENT_SECRET is wrong" in answer.content.decode()
    assert logged(caplog) == [
        "Sign-in with Entra failed: OAuth2Error, invalid_client, AADSTS7000215."
    ]


@pytest.mark.parametrize(
    ("query", "words", "line"),
    [
        (
            {
                "error": "access_denied",
                "error_description": "AADSTS50105: The signed in user is not assigned to a role.",
            },
            "You are not assigned to this application",
            "refused by Entra, access_denied, AADSTS50105",
        ),
        ({"error": "access_denied"}, "The sign-in was cancelled.", None),
    ],
)
def test_refusal_in_redirect_is_explained(
    client: Client,
    entra: LocalAzure,
    caplog: pytest.LogCaptureFixture,
    query: dict[str, str],
    words: str,
    line: str | None,
) -> None:
    away = client.post(LEAVE, headers=HOST)["Location"]
    state = dict(parse_qsl(urlsplit(away).query))["state"]
    answer = client.get(LEAVE + "callback/", query_params=query | {"state": state}, headers=HOST)
    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert logged(caplog) == ([f"Sign-in with Entra failed: {line}."] if line else [])


def test_id_token_without_object_id_is_refused(
    client: Client, entra: LocalAzure, enter: Enter, caplog: pytest.LogCaptureFixture
) -> None:
    claims = {
        "iss": f"{entra.url}/{seed.TENANT_ID}/v2.0",
        "aud": seed.PORTAL_APP_ID,
        "exp": int(time.time()) + 600,
        "sub": "1",
        "roles": ["Fleet.Reader"],
    }
    tokens = {"access_token": "a", "id_token": jwt.encode(claims, "k" * 32), "expires_in": 60}
    entra.post(
        "/_local/faults", [{"method": "POST", "path": "/token", "status": 200, "body": tokens}]
    )
    answer = enter(client, seed.VIEWER_UPN)
    assert answer.status_code == 403
    assert "no object ID (oid)" in answer.content.decode()
    assert logged(caplog) == ["Sign-in with Entra failed: the ID token has no oid."]
    assert not User.objects.exists()


def test_stores_identity_and_no_token(client: Client, enter: Enter) -> None:
    enter(client, seed.VIEWER_UPN)
    user = User.objects.get(username=seed.VIEWER_UPN)
    account = user.socialaccount_set.get()
    assert account.uid == derived_guid("user", seed.VIEWER_UPN)
    assert not account.socialtoken_set.exists()


def test_is_not_offered_without_configuration(client: Client, settings: Settings) -> None:
    settings.SIGN_IN = dict.fromkeys(SIGN_IN, "")
    assert "Sign in with Microsoft" not in client.get("/admin/login/").content.decode()
    assert client.post(LEAVE).status_code == 404


def test_check_refuses_incomplete_configuration(settings: Settings) -> None:
    settings.SIGN_IN = SIGN_IN | {"CLIENT_SECRET": ""}
    (found,) = configuration.check(None)
    assert "SIGNALMAN_SIGN_IN_CLIENT_SECRET is not set" in found.msg


@pytest.mark.parametrize("path", ["socialapp", "socialaccount", "socialtoken"])
def test_has_no_pages_to_connect_accounts(admin_client: Client, path: str) -> None:
    assert admin_client.get(f"/admin/socialaccount/{path}/").status_code == 404
