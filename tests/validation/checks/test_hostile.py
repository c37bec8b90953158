"""Every hostile token is refused for its own reason, and says nothing that it should not."""

from __future__ import annotations

import dataclasses

import pytest

from tests.validation.hostile import hostile_tokens
from tests.validation.tokens import (
    NOW,
    POLICY,
    STRICT,
    Keys,
    jwk,
    signing_key,
    token,
)
from validation.checks.sequence import validate
from validation.errors import DESCRIPTIONS, Reason
from validation.keys.jwks import SigningKey
from validation.verdict import Outcome, Verdict

HOSTILE = list(hostile_tokens())


def published() -> Keys:
    return Keys(
        signing_key(),
        SigningKey.from_jwk(jwk("weak", bits=1024)),
        signing_key("encryption", use="enc"),
        signing_key(
            "foreign", issuer="https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/"
        ),
    )


def judge(compact: str) -> Verdict:
    return validate(compact, STRICT, published(), NOW)


def test_accepts_valid_token() -> None:
    assert judge(token()).is_accepted


@pytest.mark.parametrize(
    ("reason", "compact"),
    [pytest.param(reason, compact, id=name) for name, reason, compact in HOSTILE],
)
def test_refuses_hostile_token_with_its_reason(reason: str, compact: str) -> None:
    verdict = judge(compact)
    assert verdict.reason == reason
    assert verdict.claims is None
    assert [check.outcome for check in verdict.checks].count(Outcome.FAIL) == 1


@pytest.mark.parametrize(
    "compact", [pytest.param(compact, id=name) for name, _, compact in HOSTILE]
)
def test_verdict_shows_no_token(compact: str) -> None:
    for check in judge(compact).checks:
        shown = f"{check.expected}\n{check.found}\n{check.message}"
        assert len(shown) < 2000
        assert shown.isascii()
        assert not any(part in shown for part in compact.split(".") if len(part) > 40)


def test_table_covers_each_reason() -> None:
    of_headers = {reason for reason in Reason if reason.startswith(("authorization", "wrong_s"))}
    of_policies = {
        Reason.KEYS_UNAVAILABLE,
        Reason.NO_AUDIENCE_ACCEPTED,
        Reason.NO_PRINCIPAL_ACCEPTED,
        # In place of others, where the signature is not checked.
        Reason.CLAIMS_MISMATCH,
    }
    assert {reason for _, reason, _ in HOSTILE} == set(Reason) - of_headers - of_policies


def test_table_is_long_enough() -> None:
    assert len({compact for _, _, compact in HOSTILE}) >= 60


@pytest.mark.parametrize("reason", Reason)
def test_descriptions_fit_the_header(reason: Reason) -> None:
    """RFC 6750 section 3: printable ASCII without quote and backslash."""
    description = DESCRIPTIONS[reason]
    assert description.isascii()
    assert description.isprintable()
    assert not set('"\\') & set(description)


def test_policy_without_audience_accepts_nothing() -> None:
    policy = dataclasses.replace(POLICY, audiences=frozenset())
    assert validate(token(), policy, published(), NOW).reason is Reason.NO_AUDIENCE_ACCEPTED


def test_policy_without_principal_accepts_nothing() -> None:
    policy = dataclasses.replace(POLICY, principal_ids=frozenset({""}))
    assert validate(token(), policy, published(), NOW).reason is Reason.NO_PRINCIPAL_ACCEPTED
