"""A token of Entra's is accepted, and the verdict says what was looked at."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.validation.tokens import (
    CLIENT,
    INSTANCE,
    NOW,
    POLICY,
    PRINCIPAL,
    TENANT,
    Keys,
    claims,
    signing_key,
    token,
)
from validation.checks.sequence import CHECKS, validate
from validation.checks.structure import MAX_BRACKETS, MAX_COMMAS
from validation.errors import Reason
from validation.policy import TokenPolicy
from validation.verdict import Outcome, Verdict


def judge(compact: str, policy: TokenPolicy = POLICY, keys: Keys | None = None) -> Verdict:
    return validate(compact, policy, keys or Keys(signing_key()), NOW)


def test_accepts_token_of_managed_identity() -> None:
    verdict = judge(token())
    assert verdict.reason is None
    assert dict(verdict.claims or {}) == claims()
    assert {check.outcome for check in verdict.checks} == {Outcome.PASS}


def test_lists_every_check_with_message() -> None:
    verdict = judge(token())
    assert [check.name for check in verdict.checks] == [name for name, _ in CHECKS]
    assert all(check.message.endswith(".") for check in verdict.checks)


def test_checks_after_the_failed_one_are_not_reached() -> None:
    outcomes = [check.outcome for check in judge(token({"iss": "https://evil/"})).checks]
    failed = outcomes.index(Outcome.FAIL)
    assert set(outcomes[:failed]) == {Outcome.PASS}
    assert set(outcomes[failed + 1 :]) == {Outcome.NOT_REACHED}


def test_refused_token_has_no_claims() -> None:
    assert judge(token({"oid": CLIENT})).claims is None


def test_claims_cannot_be_changed() -> None:
    verdict = judge(token())
    assert not hasattr(verdict.claims, "__setitem__")


def test_accepts_client_and_resource_in_any_case() -> None:
    policy = dataclasses.replace(
        POLICY, client_ids=frozenset({CLIENT.upper()}), resource_ids=frozenset({INSTANCE.upper()})
    )
    assert judge(token(), policy).is_accepted


def test_accepts_token_without_resource() -> None:
    policy = dataclasses.replace(POLICY, resource_ids=frozenset({INSTANCE}))
    assert judge(token({"xms_mirid": None, "xms_az_rid": None}), policy).is_accepted


def test_v2_issuer_requires_v2_token() -> None:
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    policy = TokenPolicy(
        tenant_id=TENANT,
        issuer="https://login.microsoftonline.com/{tenant_id}/v2.0",
        audiences=POLICY.audiences,
        principal_ids=frozenset({PRINCIPAL}),
        client_ids=frozenset({CLIENT}),
    )
    v2 = {"iss": issuer, "ver": "2.0", "appid": None, "azp": CLIENT}
    assert judge(token(v2), policy).is_accepted
    assert judge(token(v2 | {"ver": "1.0"}), policy).reason is Reason.WRONG_VERSION
    assert judge(token(), policy).reason is Reason.WRONG_ISSUER


def test_leeway_bounds_clock_skew() -> None:
    keys = Keys(signing_key())
    late, early = NOW + 86_400 + 59, NOW - 300 - 60
    assert validate(token(), POLICY, keys, late).is_accepted
    assert validate(token(), POLICY, keys, late + 1).reason is Reason.EXPIRED
    assert validate(token(), POLICY, keys, early).is_accepted
    assert validate(token(), POLICY, keys, early - 1).reason is Reason.NOT_YET_VALID


def test_accepts_key_for_this_issuer() -> None:
    keys = Keys(signing_key(issuer="https://sts.windows.net/{tenantid}/"))
    assert judge(token(), keys=keys).is_accepted


MISMATCHES = ({"aud": "api://other"}, {"oid": CLIENT}, {"scp": "user_impersonation"})


def test_names_the_missing_key_only_where_all_claims_match() -> None:
    unknown = {"kid": "invented"}
    for wrong in MISMATCHES:
        verdict = judge(token(wrong, unknown))
        assert (verdict.reason, verdict.missing_key) == (Reason.KEY_ID_UNKNOWN, "")
    verdict = judge(token({}, unknown))
    assert (verdict.reason, verdict.missing_key) == (Reason.KEY_ID_UNKNOWN, "invented")


@pytest.mark.parametrize("wrong", MISMATCHES)
def test_refuses_mismatching_claims_before_the_signature(wrong: dict[str, str]) -> None:
    def verdict(may_verify: bool, compact: str) -> Verdict:
        keys = Keys(signing_key())
        return validate(compact, POLICY, keys, NOW, may_verify_mismatch=lambda: may_verify)

    signed = token(wrong)
    forged = token(wrong, {"kid": "current"})[:-8] + "AAAAAAAA"
    assert verdict(False, signed).reason is Reason.CLAIMS_MISMATCH
    assert verdict(False, forged).reason is Reason.CLAIMS_MISMATCH
    assert verdict(True, signed).reason not in {Reason.CLAIMS_MISMATCH, Reason.BAD_SIGNATURE}
    assert verdict(True, forged).reason is Reason.CLAIMS_MISMATCH
    assert verdict(False, token()).is_accepted


@pytest.mark.parametrize(
    ("reason", "extra"),
    [
        ("token_too_large", {f"claim{number}": 1 for number in range(MAX_COMMAS + 1)}),
        ("token_too_large", {"groups": ["g"] * (MAX_COMMAS + 2)}),
        ("nested_too_deep", {"lists": [[]] * MAX_BRACKETS}),
        ("nested_too_deep", {"objects": [{}] * MAX_BRACKETS}),
    ],
    ids=["claims", "groups", "lists", "objects"],
)
def test_refuses_token_of_more_values_than_entra_writes(reason: str, extra: dict[str, Any]) -> None:
    assert judge(token(extra)).reason == reason
    assert judge(token({}, extra)).reason == reason


def test_accepts_token_of_200_groups() -> None:
    groups = [f"aaaaaaaa-0000-4000-8000-{number:012}" for number in range(200)]
    assert judge(token({"groups": groups, "roles": ["a"] * 50})).is_accepted
