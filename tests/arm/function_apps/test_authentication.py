"""Both documents of App Service, read as one value and written without losing anything."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm.function_apps.authentication import (
    ANONYMOUS,
    REFUSE,
    SIGN_IN,
    AuthVersion,
    FunctionAppAuth,
    FunctionAppState,
    read_auth,
    version_in_force,
    write_auth,
)

CLASSIC = {
    "enabled": True,
    "issuer": "https://sts.windows.net/tenant/",
    "clientId": "client",
    "clientSecret": "kept and never looked at",
    "allowedAudiences": ["api://one"],
    "unauthenticatedClientAction": SIGN_IN,
    "configVersion": "v1",
    "fieldOfTomorrow": {"kept": [1, None]},
}
V2: dict[str, Any] = {
    "platform": {"enabled": True, "runtimeVersion": "~1"},
    "globalValidation": {"requireAuthentication": True, "unauthenticatedClientAction": REFUSE},
    "identityProviders": {
        "azureActiveDirectory": {
            "registration": {"clientId": "client", "clientSecretSettingName": "SECRET"},
            "validation": {
                "allowedAudiences": ["api://one"],
                "defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": ["someone"]}},
            },
        },
        "google": {"enabled": True},
    },
    "fieldOfTomorrow": [None, {"kept": True}],
}

words = st.sampled_from(["", "one", "two", "three"])
lists = st.lists(words.filter(bool), max_size=3, unique=True)
actions = st.sampled_from([REFUSE, SIGN_IN, ANONYMOUS])


def maybe(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object of which any field may be null or absent."""
    return st.fixed_dictionaries({}, optional={k: st.none() | v for k, v in values.items()})


classic_documents = maybe(
    enabled=st.booleans(),
    issuer=words,
    clientId=words,
    allowedAudiences=lists,
    unauthenticatedClientAction=actions,
    tomorrow=words,
)
v2_documents = maybe(
    platform=maybe(enabled=st.booleans(), tomorrow=words),
    globalValidation=maybe(
        requireAuthentication=st.booleans(), unauthenticatedClientAction=actions
    ),
    identityProviders=maybe(
        azureActiveDirectory=maybe(
            enabled=st.booleans(),
            registration=maybe(openIdIssuer=words, clientId=words, tomorrow=words),
            validation=maybe(
                allowedAudiences=lists,
                jwtClaimChecks=maybe(allowedClientApplications=lists, allowedGroups=lists),
                defaultAuthorizationPolicy=maybe(
                    allowedApplications=lists,
                    allowedPrincipals=maybe(identities=lists, groups=lists),
                ),
            ),
        ),
        tomorrow=words,
    ),
)
documents = st.one_of(
    st.tuples(st.just("classic"), classic_documents), st.tuples(st.just("v2"), v2_documents)
)
targets = st.builds(
    FunctionAppAuth,
    is_enabled=st.booleans(),
    issuer=words,
    client_id=words,
    allowed_audiences=lists.map(tuple),
    unauthenticated_action=actions,
)


@given(documents, targets)
def test_what_is_written_is_what_is_read(
    document: tuple[AuthVersion, dict[str, Any]], target: FunctionAppAuth
) -> None:
    version, properties = document
    before = read_auth(version, properties)
    unwritten = ("version", "allowed_principals", "allowed_applications", "allowed_clients")
    kept = {name: getattr(before, name) for name in (*unwritten, "other_checks", "is_from_file")}
    target = replace(target, **kept)
    assert read_auth(version, write_auth(properties, target)) == target


@given(documents)
def test_writing_what_was_read_changes_nothing(
    document: tuple[AuthVersion, dict[str, Any]],
) -> None:
    version, properties = document
    given_ = copy.deepcopy(properties)
    assert write_auth(properties, read_auth(version, properties)) == given_ == properties


@given(documents)
def test_a_value_survives_json(document: tuple[AuthVersion, dict[str, Any]]) -> None:
    state = FunctionAppState("/sites/app", read_auth(*document))
    assert FunctionAppState.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_classic_settings_change_in_the_planned_field_alone() -> None:
    auth = replace(read_auth("classic", CLASSIC), allowed_audiences=("api://one", "api://two"))
    written = write_auth(CLASSIC, auth)
    assert written.pop("allowedAudiences") == ["api://one", "api://two"]
    assert written == {name: one for name, one in CLASSIC.items() if name != "allowedAudiences"}


def test_v2_settings_change_in_the_planned_field_alone() -> None:
    auth = replace(read_auth("v2", V2), issuer="https://sts.windows.net/tenant/")
    expected = copy.deepcopy(V2)
    registration = expected["identityProviders"]["azureActiveDirectory"]["registration"]
    registration["openIdIssuer"] = "https://sts.windows.net/tenant/"
    assert write_auth(V2, auth) == expected


def test_requiring_authentication_goes_with_refusing() -> None:
    lax = {"globalValidation": {"unauthenticatedClientAction": REFUSE}}
    assert read_auth("v2", lax).unauthenticated_action == ANONYMOUS
    strict = write_auth(lax, FunctionAppAuth(unauthenticated_action=REFUSE))
    assert strict["globalValidation"] == {
        "requireAuthentication": True,
        "unauthenticatedClientAction": REFUSE,
    }


def test_a_provider_that_is_off_is_not_enabled() -> None:
    off = {
        "platform": {"enabled": True},
        "identityProviders": {"azureActiveDirectory": {"enabled": False}},
    }
    auth = read_auth("v2", off)
    assert (auth.is_enabled, auth.is_provider_enabled) == (True, False)
    on = write_auth(off, replace(auth, is_provider_enabled=True))
    assert on["identityProviders"]["azureActiveDirectory"]["enabled"] is True
    assert read_auth("v2", on).is_provider_enabled


@pytest.mark.parametrize(
    ("classic", "version"),
    [
        ({"configVersion": "v2", "enabled": True}, "v2"),
        ({"configVersion": "v1", "enabled": True}, "classic"),
        ({"enabled": False, "clientId": "client"}, "classic"),
        ({"enabled": False, "configVersion": "v1"}, "v2"),
        ({}, "v2"),
    ],
)
def test_one_of_the_two_documents_is_in_force(classic: dict[str, Any], version: str) -> None:
    assert version_in_force(classic) == version


def test_what_may_refuse_besides_is_named() -> None:
    groups = {"validation": {"jwtClaimChecks": {"allowedGroups": ["operators"]}}}
    found = read_auth("v2", {"identityProviders": {"azureActiveDirectory": groups}})
    assert found.other_checks == ("jwtClaimChecks.allowedGroups",)
    assert read_auth(
        "classic", {"aadClaimsAuthorization": '{"allowed_groups": ["g"]}'}
    ).other_checks == ("aadClaimsAuthorization",)


def test_settings_from_a_file_are_recognised() -> None:
    assert read_auth("v2", {"platform": {"configFilePath": "auth.json"}}).is_from_file
    assert read_auth("classic", {"isAuthFromFile": "true"}).is_from_file
    assert not read_auth("classic", {"isAuthFromFile": "false"}).is_from_file


def test_what_classic_settings_cannot_say_is_refused() -> None:
    auth = FunctionAppAuth("classic", allowed_principals=("someone",))
    with pytest.raises(ValueError, match="allowed_principals"):
        write_auth({}, auth)


@pytest.mark.parametrize(
    ("rules", "checks"),
    [
        ('{"allowed_groups":null,"allowed_client_applications":[]}', ()),
        ('{"allowed_groups":["g"]}', ("aadClaimsAuthorization",)),
        ("unreadable", ("aadClaimsAuthorization",)),
        (None, ()),
    ],
)
def test_empty_claim_rules_of_azure_are_no_check(
    rules: str | None, checks: tuple[str, ...]
) -> None:
    assert read_auth("classic", {"aadClaimsAuthorization": rules}).other_checks == checks
