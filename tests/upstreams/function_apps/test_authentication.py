"""The rules by which a Function App lets an instance's signed requests in, over all settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm.function_apps.authentication import AuthVersion, FunctionAppAuth
from upstreams.function_apps.authentication import desired_auth, mismatches
from upstreams.function_apps.excluded_paths import may_fall_under
from upstreams.function_apps.signed_requests import Caller, SignedRequests
from upstreams.url_templates.hosts import host_of

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
ISSUER = f"https://sts.windows.net/{TENANT}/"
CLIENT_ID = "cccccccc-0000-4000-8000-000000000003"
IDENTITY = Caller("eeeeeeee-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000001")
REQUESTS = SignedRequests(ISSUER, ("api://chat",), (IDENTITY,))
AGREEING = FunctionAppAuth(
    is_enabled=True,
    issuer=ISSUER,
    client_id=CLIENT_ID,
    allowed_audiences=("api://chat",),
    unauthenticated_action="Return401",
)

audiences = st.sampled_from(["api://chat", "api://game", CLIENT_ID, f"api://{CLIENT_ID}"])
guids = st.sampled_from([f"0000000{n}-0000-4000-8000-000000000000" for n in range(4)])
id_lists = st.lists(guids, max_size=3, unique=True).map(tuple)
issuers = st.sampled_from(["", ISSUER, ISSUER.upper(), ISSUER[:-1], f"{ISSUER}v2.0"])
actions = st.sampled_from(
    ["", "AllowAnonymous", "RedirectToLoginPage", "Return401", "Return403", "Return404"]
)


def auths(**fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[FunctionAppAuth]:
    """Settings of all kinds; `fixed` narrows a field."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        "version": st.sampled_from(["classic", "v2"]),
        "is_enabled": st.booleans(),
        "is_provider_enabled": st.booleans(),
        "issuer": issuers,
        "client_id": st.sampled_from(["", CLIENT_ID]),
        "allowed_audiences": st.lists(audiences, max_size=3).map(tuple),
        "unauthenticated_action": actions,
        "allowed_principals": id_lists,
        "allowed_applications": id_lists,
        "allowed_clients": id_lists,
        "other_checks": st.sampled_from([(), ("groups",)]),
        "is_from_file": st.booleans(),
    }
    return st.builds(FunctionAppAuth, **fields | fixed)


def signed_requests(ids: st.SearchStrategy[str | None]) -> st.SearchStrategy[SignedRequests]:
    """Tokens for some audiences, of callers with these ids."""
    return st.builds(
        SignedRequests,
        st.just(ISSUER),
        st.lists(audiences, max_size=3).map(tuple),
        st.lists(st.builds(Caller, ids, ids), max_size=3).map(tuple),
    )


any_requests = signed_requests(st.none() | guids)
# Nothing stands in the way of agreement.
mendable_auths = auths(
    client_id=st.just(CLIENT_ID), other_checks=st.just(()), is_from_file=st.just(False)
)


@given(mendable_auths, signed_requests(guids))
def test_desired_auth_has_no_mismatches(auth: FunctionAppAuth, requests: SignedRequests) -> None:
    assert mismatches(desired_auth(auth, requests), requests) == []


@given(auths(), any_requests)
def test_desired_auth_has_no_fixable_mismatch(
    auth: FunctionAppAuth, requests: SignedRequests
) -> None:
    left = mismatches(desired_auth(auth, requests), requests)
    assert [each for each in left if each.is_fixable] == []


@given(auths(), any_requests)
def test_desired_auth_is_idempotent(auth: FunctionAppAuth, requests: SignedRequests) -> None:
    once = desired_auth(auth, requests)
    assert desired_auth(once, requests) == once


@given(auths(), any_requests)
def test_changes_app_only_where_it_mismatches(
    auth: FunctionAppAuth, requests: SignedRequests
) -> None:
    mendable = [each for each in mismatches(auth, requests) if each.is_fixable]
    assert (desired_auth(auth, requests) == auth) == (mendable == [])


@given(auths(), any_requests)
def test_keeps_other_callers_and_audiences(auth: FunctionAppAuth, requests: SignedRequests) -> None:
    after = desired_auth(auth, requests)
    for name in ("allowed_audiences", "allowed_principals", "allowed_applications"):
        before = getattr(auth, name)
        assert getattr(after, name)[: len(before)] == before
    assert bool(after.allowed_principals) == bool(auth.allowed_principals)


@given(mendable_auths, signed_requests(guids), signed_requests(guids))
def test_keeps_accepting_earlier_requests(
    auth: FunctionAppAuth, first: SignedRequests, second: SignedRequests
) -> None:
    assert mismatches(desired_auth(desired_auth(auth, first), second), first) == []


def test_keeps_matching_app_unchanged() -> None:
    assert mismatches(AGREEING, REQUESTS) == []
    assert desired_auth(AGREEING, REQUESTS) == AGREEING


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"is_enabled": False}, "authentication_off", "disabled"),
        ({"unauthenticated_action": "AllowAnonymous"}, "unauthenticated_allowed", "without a"),
        ({"unauthenticated_action": "Return404"}, "unauthenticated_allowed", "Return404"),
        ({"is_provider_enabled": False}, "provider_off", "refuses each request with 401"),
        (
            {"is_provider_enabled": False, "unauthenticated_action": "Return403"},
            "provider_off",
            "refuses each request with 403",
        ),
        (
            {"is_provider_enabled": False, "unauthenticated_action": "RedirectToLoginPage"},
            "provider_off",
            "redirects each request to a sign-in page",
        ),
        ({"issuer": f"https://login.example/{TENANT}/v2.0"}, "issuer_differs", "v2 tokens"),
        ({"issuer": ISSUER[:-1]}, "issuer_differs", "Both matter"),
        ({"issuer": ISSUER.replace("sts", "STS")}, "issuer_differs", "Both matter"),
        ({"issuer": ""}, "issuer_differs", "not set"),
        ({"allowed_audiences": ()}, "audience_missing", "api://chat"),
        ({"allowed_audiences": ("API://chat",)}, "audience_missing", "api://chat"),
        ({"allowed_principals": ("other",)}, "principal_excluded", "403"),
        ({"allowed_applications": ("other",)}, "application_excluded", "allowedApplications"),
        ({"allowed_clients": ("other",)}, "application_excluded", "allowedClientApplications"),
        ({"client_id": ""}, "client_id_missing", "no client ID"),
        ({"is_from_file": True}, "settings_from_file", "file"),
        ({"other_checks": ("allowedGroups",)}, "other_check", "allowedGroups"),
    ],
)
def test_describes_each_mismatch(fields: dict[str, Any], code: str, words: str) -> None:
    (found,) = mismatches(replace(AGREEING, **fields), REQUESTS)
    assert found.code == code
    assert words in found.message
    assert found.fix


@pytest.mark.parametrize("version", ["classic", "v2"])
@pytest.mark.parametrize("action", ["RedirectToLoginPage", ""])
def test_accepts_redirect_to_sign_in(version: AuthVersion, action: str) -> None:
    # A valid token is accepted, and no request without one reaches the app.
    auth = replace(AGREEING, version=version, unauthenticated_action=action)
    assert mismatches(auth, REQUESTS) == []
    assert desired_auth(auth, REQUESTS) == auth


def test_open_app_with_disabled_provider_lets_all_pass() -> None:
    auth = replace(
        AGREEING, is_provider_enabled=False, unauthenticated_action="AllowAnonymous", issuer=""
    )
    first, *others = mismatches(auth, REQUESTS)
    assert (first.code, "lets each request pass" in first.message) == ("provider_off", True)
    assert {each.code for each in others} == {"unauthenticated_allowed", "issuer_differs"}
    assert all(each.message.startswith("Once the provider is enabled, the app") for each in others)


def test_settings_without_effect_are_reported_as_such() -> None:
    first, other = mismatches(replace(AGREEING, is_enabled=False, allowed_audiences=()), REQUESTS)
    assert first.code == "authentication_off"
    assert other.message.startswith("Once its authentication is enabled, the app does not accept")


def test_fix_of_open_app_names_both_settings() -> None:
    (found,) = mismatches(replace(AGREEING, unauthenticated_action="AllowAnonymous"), REQUESTS)
    assert "requireAuthentication" in found.fix
    assert "Return401" in found.fix


def test_accepts_identity_in_any_case() -> None:
    named = replace(AGREEING, allowed_principals=(str(IDENTITY.principal_id).upper(),))
    assert mismatches(named, REQUESTS) == []


def test_client_id_is_always_an_audience() -> None:
    requests = replace(REQUESTS, audiences=(CLIENT_ID,))
    assert mismatches(replace(AGREEING, allowed_audiences=()), requests) == []


def test_enables_authentication_for_the_application_of_the_resource() -> None:
    after = desired_auth(FunctionAppAuth(), replace(REQUESTS, client_id=CLIENT_ID))
    assert (after.is_enabled, after.client_id, after.issuer) == (True, CLIENT_ID, ISSUER)


def test_does_not_enable_authentication_without_client_id() -> None:
    assert desired_auth(FunctionAppAuth(), REQUESTS) == FunctionAppAuth()


def test_reports_caller_with_unknown_client_id() -> None:
    requests = replace(REQUESTS, callers=(Caller("principal"),))
    (found,) = mismatches(replace(AGREEING, allowed_applications=("other",)), requests)
    assert (found.code, found.is_fixable) == ("application_unknown", False)


@pytest.mark.parametrize("field", ["allowed_applications", "allowed_clients"])
def test_known_ids_of_others_exclude_a_caller_with_unknown_client_id(field: str) -> None:
    def listing(*ids: str) -> FunctionAppAuth:
        return FunctionAppAuth.from_json(AGREEING.to_json() | {field: list(ids)})

    caller = Caller("aaaaaaaa-0000-4000-8000-00000000000a")
    requests = replace(REQUESTS, callers=(caller,), other_client_ids=frozenset({"one", "two"}))
    (found,) = mismatches(listing("ONE", "two"), requests)
    assert (found.code, found.is_certain, found.is_fixable) == ("application_excluded", True, False)
    assert f"az ad sp show --id {caller.principal_id}" in found.fix
    (found,) = mismatches(listing("one", "three"), requests)
    assert (found.code, found.is_certain) == ("application_unknown", False)


def test_principal_id_in_a_list_of_client_ids_is_named() -> None:
    caller = Caller("aaaaaaaa-0000-4000-8000-00000000000a")
    auth = replace(AGREEING, allowed_applications=("AAAAAAAA-0000-4000-8000-00000000000A",))
    for client_id in (None, "bbbbbbbb-0000-4000-8000-00000000000b"):
        requests = replace(REQUESTS, callers=(replace(caller, client_id=client_id),))
        (found,) = mismatches(auth, requests)
        assert found.code == "application_excluded"
        assert "compares the client ID" in found.message


def test_client_id_in_a_list_of_principal_ids_is_named() -> None:
    auth = replace(AGREEING, allowed_principals=(str(IDENTITY.client_id),))
    (found,) = mismatches(auth, REQUESTS)
    assert found.code == "principal_excluded"
    assert "compares the principal ID" in found.message


def test_ignores_app_without_signed_templates() -> None:
    requests = replace(REQUESTS, audiences=())
    assert mismatches(FunctionAppAuth(), requests) == []
    assert desired_auth(FunctionAppAuth(), requests) == FunctionAppAuth()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://App.azurewebsites.net/api/{event}", "app.azurewebsites.net"),
        ("https://app.example:8443/?code={@Microsoft.KeyVault(SecretUri=x)}", "app.example"),
        ("{@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/url)}", None),
        ("https://[broken/", None),
    ],
)
def test_host_of_template(url: str, host: str | None) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("excluded", "path", "may"),
    [
        ("/api/chat", "/api/chat", True),
        ("/api/chat/", "/API/Chat", True),
        ("/api/chat", "/api/{hub}", True),
        ("/api/chat/echo", "/api/{hub}/{event}", True),
        ("/api/*", "/api/chat", True),
        ("/api/c*", "/api/{hub}", True),
        ("/*", "/api", True),
        ("/api/chat", "/api/chats", False),
        ("/api/chat", "/api", False),
        ("/api/chat/echo", "/api/{hub}", False),
        ("/other/*", "/api/{hub}", False),
        ("/api/chat/*", "/api", False),
        ("/api", "/{hub}/x", False),
    ],
)
def test_finds_path_without_authentication(excluded: str, path: str, may: bool) -> None:
    assert may_fall_under(excluded, f"https://contoso.azurewebsites.net{path}?code=x") == may


def test_reports_app_that_excludes_event_paths() -> None:
    requests = replace(REQUESTS, url_templates=("https://contoso.azurewebsites.net/api/{hub}",))
    assert mismatches(AGREEING, requests) == []
    excluding = replace(AGREEING, excluded_paths=("/health", "/api/chat"))
    (found,) = mismatches(excluding, requests)
    assert (found.code, found.is_fixable) == ("path_excluded", False)
    assert "/api/chat" in found.fix
    assert desired_auth(excluding, requests) == excluding
