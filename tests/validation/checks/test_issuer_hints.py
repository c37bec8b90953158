"""What the refusal of an issuer or a key says: tenants are compared first, then versions."""

from __future__ import annotations

import dataclasses

import pytest

from tests.validation.tokens import NOW, OTHER_TENANT, POLICY, TENANT, Keys, signing_key, token
from validation.checks.sequence import validate
from validation.errors import Reason
from validation.policy import TokenPolicy

V2 = f"https://login.microsoftonline.com/{TENANT}/v2.0"
V2_POLICY = dataclasses.replace(POLICY, issuer=V2)


def refusal(issuer: str, policy: TokenPolicy = POLICY, **claims: str) -> str:
    """Return the message of the failed check."""
    verdict = validate(token({"iss": issuer, **claims}), policy, Keys(signing_key()), NOW)
    assert verdict.failed is not None
    return verdict.failed.message


@pytest.mark.parametrize(
    ("policy", "issuer", "says"),
    [
        # The right tenant: the version is named, and the setting that decides it.
        (V2_POLICY, f"https://sts.windows.net/{TENANT}/", "Set requestedAccessTokenVersion to 2"),
        (V2_POLICY, f"https://sts.windows.net/{TENANT}/", "the token has version 1.0"),
        (POLICY, V2, "Set requestedAccessTokenVersion to 1"),
        (POLICY, f"{V2}/", "the token has version 2.0"),
        (POLICY, f"https://{TENANT}.ciamlogin.com/{TENANT}/v2.0", "the token has version 2.0"),
        (V2_POLICY, f"https://sts.chinacloudapi.cn/{TENANT}/", "the token has version 1.0"),
        # Another tenant, whatever the version.
        (POLICY, f"https://sts.windows.net/{OTHER_TENANT}/", f"another tenant, {OTHER_TENANT}"),
        (POLICY, f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0", "another tenant"),
        (V2_POLICY, f"https://sts.windows.net/{OTHER_TENANT}/", "another tenant"),
        # The spelling, and the rest.
        (POLICY, f"https://sts.windows.net/{TENANT}", "Only the trailing slash differs"),
        (POLICY, f"https://STS.windows.net/{TENANT}/", "Only upper and lower case differ"),
        (POLICY, f"https://sts.chinacloudapi.cn/{TENANT}/", "another cloud"),
        (V2_POLICY, f"https://login.partner.microsoftonline.cn/{TENANT}/v2.0", "another cloud"),
        (POLICY, "https://accounts.google.com", "names no tenant"),
    ],
)
def test_hint_names_what_differs(policy: TokenPolicy, issuer: str, says: str) -> None:
    assert says in refusal(issuer, policy)


def test_hint_compares_tenant_in_any_case() -> None:
    tenant = "abcdefab-1111-4111-8111-111111111111"
    issuer = f"https://sts.windows.net/{tenant}/"
    policy = dataclasses.replace(POLICY, tenant_id=tenant, issuer=issuer)
    said = refusal(f"https://login.microsoftonline.com/{tenant.upper()}/v2.0", policy)
    assert "the token has version 2.0" in said


def test_hint_about_right_tenant_names_no_other() -> None:
    assert "another tenant" not in refusal(f"https://sts.windows.net/{TENANT}/", V2_POLICY)


@pytest.mark.parametrize(
    ("policy", "version", "number"), [(POLICY, "2.0", "to 1"), (V2_POLICY, "1.0", "to 2")]
)
def test_wrong_version_names_setting(policy: TokenPolicy, version: str, number: str) -> None:
    said = refusal(policy.issuer, policy, ver=version)
    assert f"Set requestedAccessTokenVersion {number} in the app registration" in said


def test_unknown_key_names_keys_of_one_application() -> None:
    verdict = validate(token(kid="own"), POLICY, Keys(signing_key()), NOW)
    assert verdict.reason is Reason.KEY_ID_UNKNOWN
    assert verdict.failed is not None
    assert "?appid=" in verdict.failed.message
