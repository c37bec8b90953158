"""manage.py inspect_token shows the checks of the receiver, and never the token."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from accounts.roles import Role
from diagnosis.token_inspector import pasted_token
from localazure import seed
from sync.inventory.import_subscription import import_subscription
from tests.accounts.callers import caller
from tests.cloud import LocalAzure
from tests.upstreams.receiver.outages import outage
from upstreams.receiver.authentication.policy_cache import policies

pytestmark = pytest.mark.django_db


def inspect(token: str, *arguments: str, instance: str = seed.CHAT) -> tuple[str, int]:
    """Run the command on a token; return what it printed and its exit code."""
    output = io.StringIO()
    try:
        call_command("inspect_token", instance, *arguments, stdout=output, stdin=io.StringIO(token))
    except SystemExit as end:
        return output.getvalue(), int(end.code or 0)
    return output.getvalue(), 0


@pytest.fixture
def fleet(local_azure: LocalAzure) -> LocalAzure:
    """Local Azure, its fleet imported."""
    import_subscription(seed.SUBSCRIPTION_ID)
    return local_azure


def token_for(fleet: LocalAzure, resource: str) -> str:
    """Return a token of the chat instance's identity."""
    token: str = fleet.post("/_local/tokens", {"principal": seed.CHAT, "resource": resource})[
        "token"
    ]
    return token


def test_an_accepted_token_passes_every_check(fleet: LocalAzure) -> None:
    token = token_for(fleet, seed.UPSTREAM_APP_URI)
    printed, code = inspect(f"Bearer {token}\n", "--json")
    document = json.loads(printed)
    assert {check["outcome"] for check in document["checks"]} == {"pass"}
    assert (document["accepted"], code) == (True, 0)


PASTED = [
    "{0}",
    "  {0}\r\n",
    "bearer {0}",
    "BEARER\t{0}",
    "Bearer: {0}",
    "Authorization: Bearer {0}",
    "authorization:Bearer {0}",
    "Authorization: {0}",
    '"{0}"',
    "'{0}',",
    "\u201c{0}\u201d",
    "`{0}`",
    "\ufeff{0}",
    '"Authorization": "Bearer {0}",',
    'curl -H "Authorization: Bearer {0}"',
    "-H 'authorization: bearer {0}' \\",
    '{{"tokenType": "Bearer", "accessToken": "{0}"}}',
    '{{"access_token": "{0}", "expires_in": 3599}}\n',
    '{{"token": "{0}"}}',
]


@pytest.mark.parametrize("form", PASTED)
def test_reads_token_as_it_is_pasted(form: str) -> None:
    assert pasted_token(form.format("eyJh.eyJi.c_-9")) == "eyJh.eyJi.c_-9"


def test_joins_lines_of_wrapped_token() -> None:
    assert pasted_token("Bearer eyJh.eyJ\n  i.c_\r\n-9\n") == "eyJh.eyJi.c_-9"


@pytest.mark.parametrize(
    "text", ["", "Bearer", "{", '{"a":1}', "[" * 9000, '{"a":' * 9000, "bearerless.a.b"]
)
def test_leaves_other_texts_alone(text: str) -> None:
    assert pasted_token(text) in (text, "")


def test_accepts_pasted_header(fleet: LocalAzure) -> None:
    token = token_for(fleet, seed.UPSTREAM_APP_URI)
    half = len(token) // 2
    _, code = inspect(f"\n'Authorization: Bearer {token[:half]}\n{token[half:]}'\n")
    assert code == 0


def test_api_accepts_pasted_header(fleet: LocalAzure) -> None:
    token = token_for(fleet, seed.UPSTREAM_APP_URI)
    answer = caller(Role.VIEWER).post(
        "/api/v1/tokens/inspect/",
        {"token": f'"Authorization: Bearer {token}"\n', "instance": seed.CHAT},
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["accepted"]) == (200, True)


def test_a_v2_token_is_checked_by_the_policy_for_its_issuer(fleet: LocalAzure) -> None:
    modern = {
        "appId": seed.UPSTREAM_APP_ID,
        "displayName": "Signalman upstream",
        "identifierUris": [seed.UPSTREAM_APP_URI],
        "requestedAccessTokenVersion": 2,
    }
    fleet.seed(applications=[modern])
    import_subscription(seed.SUBSCRIPTION_ID)
    printed, code = inspect(token_for(fleet, seed.UPSTREAM_APP_URI), "--json")
    document = json.loads(printed)
    assert (document["accepted"], code) == (True, 0)
    issuer = next(each for each in document["checks"] if each["name"] == "issuer")
    assert issuer["found"].endswith("/v2.0")


def test_a_refused_token_names_what_was_expected_and_found(fleet: LocalAzure) -> None:
    printed, code = inspect(token_for(fleet, "api://payroll"))
    assert "✗ audience" in printed
    assert seed.UPSTREAM_APP_URI in printed
    assert "found    api://payroll" in printed
    assert "· principal" in printed
    assert code == 2


def test_no_part_of_the_token_is_printed(fleet: LocalAzure) -> None:
    token = token_for(fleet, "api://payroll")
    printed, _ = inspect(token)
    assert not any(part in printed for part in token.split("."))


def test_an_unknown_instance_is_named(fleet: LocalAzure) -> None:
    with pytest.raises(CommandError, match="Unknown instance 'missing'"):
        inspect("x", instance="missing")


@pytest.mark.django_db(transaction=True)
def test_reports_database_that_does_not_answer() -> None:
    policies.forget()
    with outage(), pytest.raises(CommandError, match="Check that the database is available"):
        inspect("x")
