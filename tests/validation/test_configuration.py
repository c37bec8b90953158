"""The setting `VALIDATION`: what it accepts, and what it says of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from tests.validation.tokens import AUDIENCE, PRINCIPAL, TENANT
from validation import configuration
from validation.configuration import Configuration
from validation.system_checks import check_configuration

FOUR = {
    "TENANT_ID": TENANT,
    "AUDIENCES": [AUDIENCE],
    "PRINCIPAL_IDS": [PRINCIPAL],
    "AUTHORITY": "https://login.microsoftonline.com",
}


def test_four_settings_make_a_policy() -> None:
    policy = Configuration.of(FOUR).policy()
    assert policy.issuer == f"https://sts.windows.net/{TENANT}/"
    assert policy.audiences == {AUDIENCE}
    assert policy.principal_ids == {PRINCIPAL}


def test_a_national_cloud_is_two_settings() -> None:
    china = {
        "AUTHORITY": "https://login.chinacloudapi.cn",
        "ISSUER": "https://sts.chinacloudapi.cn/{tenant_id}/",
    }
    policy = Configuration.of(FOUR | china).policy()
    assert policy.issuer == f"https://sts.chinacloudapi.cn/{TENANT}/"


def test_an_authority_may_leave_out_its_scheme() -> None:
    configured = Configuration.of({"AUTHORITY": "login.microsoftonline.us"})
    assert configured.authority == "https://login.microsoftonline.us"


@pytest.mark.parametrize("name", ["TENANT_ID", "AUDIENCES", "PRINCIPAL_IDS"])
def test_policy_requires_each_setting(name: str) -> None:
    configured = Configuration.of({key: value for key, value in FOUR.items() if key != name})
    with pytest.raises(ImproperlyConfigured, match=name):
        configured.policy()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"AUDIENCE": AUDIENCE}, "no setting 'AUDIENCE'"),
        ({"AUDIENCES": AUDIENCE}, "list of strings"),
        ({"PRINCIPAL_IDS": PRINCIPAL}, "list of strings"),
        ({"AUTHORITY": "http://login.microsoftonline.com"}, "https"),
        ({"AUTHORITY": "https://"}, "https"),
        ({"TENANT_ID": "", "ISSUER": "https://sts.windows.net/"}, "tenant_id"),
        ({"LEEWAY_SECONDS": 301}, "LEEWAY_SECONDS"),
        ({"LEEWAY_SECONDS": -1}, "LEEWAY_SECONDS"),
    ],
)
def test_refuses_invalid_setting(wrong: dict[str, Any], says: str, settings: Settings) -> None:
    settings.VALIDATION = FOUR | wrong
    with pytest.raises(ImproperlyConfigured, match=says):
        configuration.configuration()
    (message,) = check_configuration()
    assert (message.id, says in message.msg) == ("validation.E001", True)


@pytest.mark.parametrize("wrong", [{"TENANT_ID": "contoso.com"}, {"AUDIENCES": []}])
def test_incomplete_policy_fails_system_check(wrong: dict[str, Any], settings: Settings) -> None:
    settings.VALIDATION = FOUR | wrong
    assert [message.id for message in check_configuration()] == ["validation.E002"]


def test_default_authentication_without_policy_fails_system_check(
    settings: Settings,
) -> None:
    settings.VALIDATION = {}
    assert not check_configuration()
    settings.REST_FRAMEWORK = {
        "DEFAULT_AUTHENTICATION_CLASSES": ["validation.authentication.EntraAuthentication"]
    }
    assert [message.id for message in check_configuration()] == ["validation.E002"]


def test_unknown_cache_fails_system_check(settings: Settings) -> None:
    settings.VALIDATION = FOUR | {"CACHE": "elsewhere"}
    assert [message.id for message in check_configuration()] == ["validation.E003"]


def test_changed_setting_takes_effect(settings: Settings) -> None:
    settings.VALIDATION = FOUR
    before = configuration.validator()
    assert configuration.policy().audiences == {AUDIENCE}
    settings.VALIDATION = FOUR | {"AUDIENCES": ["api://other"]}
    assert configuration.policy().audiences == {"api://other"}
    assert configuration.validator() is not before
