"""Accepted tokens are remembered, and forgotten as soon as anything speaks against it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.validation.keys.rings import DAY, Clock, RealIssuer, at_once
from tests.validation.tokens import NOW, POLICY, token
from validation.checks.sequence import validate
from validation.keys.key_ring import KeyRing
from validation.policy import TokenPolicy
from validation.validator import Validator
from validation.verdict import Outcome, Verdict
from validation.verified_tokens import MAX_AGE_SECONDS, VerifiedTokens


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> RealIssuer:
    return RealIssuer(clock, "current", "other")


@pytest.fixture
def verified() -> VerifiedTokens:
    return VerifiedTokens()


@pytest.fixture
def validator(clock: Clock, issuer: RealIssuer, verified: VerifiedTokens) -> Validator:
    def ring_for(_: TokenPolicy) -> KeyRing:
        return KeyRing(issuer, clock=clock, start=at_once, chance=lambda: 0.5)

    return Validator(ring_for, clock=clock, verified=verified)


def test_remembers_verdict_of_accepted_token(validator: Validator) -> None:
    compact = token()
    first = validator.verdict(compact, POLICY)
    assert first.is_accepted
    assert first.checks
    second = validator.verdict(compact, POLICY)
    assert second == first
    assert validator.verdict(compact, POLICY) is second


def test_keeps_no_text_of_remembered_token(validator: Validator) -> None:
    compact = token()
    validator.verdict(compact, POLICY)
    assert validator.verdict(compact, POLICY).checks == ()


def test_inspects_remembered_token_in_full(validator: Validator, verified: VerifiedTokens) -> None:
    compact = token()
    validator.inspect(compact, POLICY)
    assert len(verified) == 0
    validator.verdict(compact, POLICY)
    assert {check.outcome for check in validator.inspect(compact, POLICY).checks} == {Outcome.PASS}


def test_changed_claims_do_not_leak(validator: Validator) -> None:
    nested = {"roles": ["reader"], "cnf": {"ids": ["one", {"two": []}]}}
    compact = token(nested)
    for _ in range(3):
        claims: Any = validator.verdict(compact, POLICY).claims
        assert {name: claims[name] for name in nested} == nested
        claims["roles"].append("admin")
        claims["cnf"]["ids"][1]["two"].append("three")
        claims["cnf"]["more"] = 1


def test_checks_token_again_after_five_minutes(validator: Validator, clock: Clock) -> None:
    compact = token()
    first = validator.verdict(compact, POLICY)
    clock.forward(MAX_AGE_SECONDS)
    again = validator.verdict(compact, POLICY)
    assert again.is_accepted
    assert again is not first


def test_refuses_remembered_token_once_expired(validator: Validator, clock: Clock) -> None:
    compact = token({"exp": NOW + 100})
    assert validator.verdict(compact, POLICY).is_accepted
    clock.forward(161)
    assert validator.verdict(compact, POLICY).reason == "expired"


def test_checks_token_for_each_policy(validator: Validator) -> None:
    compact = token()
    assert validator.verdict(compact, POLICY).is_accepted
    stricter = dataclasses.replace(POLICY, principal_ids=frozenset({POLICY.tenant_id}))
    assert validator.verdict(compact, stricter).reason == "wrong_principal"


def test_reuses_verdict_for_equal_policy(validator: Validator) -> None:
    compact = token()
    validator.verdict(compact, POLICY)
    first = validator.verdict(compact, POLICY)
    assert validator.verdict(compact, dataclasses.replace(POLICY)) is first


def test_forgets_token_with_its_key(
    validator: Validator, issuer: RealIssuer, clock: Clock, verified: VerifiedTokens
) -> None:
    compact = token({"exp": NOW + int(2 * DAY) - 400})
    assert validator.verdict(compact, POLICY).is_accepted
    issuer.kids = ["other"]
    clock.forward(DAY + 1)
    ring = validator.ring(POLICY)
    verified.add(compact, POLICY, validate(compact, POLICY, ring, clock()), clock())
    ring.refresh_if_due()
    assert validator.verdict(compact, POLICY).reason == "key_id_unknown"


def test_does_not_remember_refused_token(validator: Validator, verified: VerifiedTokens) -> None:
    assert not validator.verdict(token({"aud": "api://other"}), POLICY).is_accepted
    assert len(verified) == 0


def test_forgets_least_recently_used(clock: Clock, issuer: RealIssuer) -> None:
    ring = KeyRing(issuer, clock=clock, start=at_once)
    ring.prepare()
    verified = VerifiedTokens(max_tokens=2)
    old, used, new = (token({"uti": name}) for name in ("old", "used", "new"))

    def remembered(compact: str) -> Verdict | None:
        return verified.find(compact, POLICY, ring, NOW)

    for compact in (used, old):
        verified.add(compact, POLICY, validate(compact, POLICY, ring, NOW), NOW)
    assert remembered(used)
    verified.add(new, POLICY, validate(new, POLICY, ring, NOW), NOW)
    assert remembered(used)
    assert remembered(new)
    assert not remembered(old)


@pytest.mark.parametrize("compact", ["\ud800", "t\u00f6ken", "A" * 1_000_000, ""])
def test_refuses_malformed_tokens(validator: Validator, compact: str) -> None:
    assert not validator.verdict(compact, POLICY).is_accepted


def test_each_issuer_has_a_key_ring(validator: Validator) -> None:
    other = TokenPolicy(
        tenant_id="22222222-2222-4222-8222-222222222222",
        audiences=frozenset(),
        principal_ids=frozenset(),
    )
    assert validator.ring(POLICY) is validator.ring(dataclasses.replace(POLICY, leeway_seconds=0))
    assert validator.ring(POLICY) is not validator.ring(other)


def test_outage_of_a_day_loses_no_token(
    validator: Validator, issuer: RealIssuer, clock: Clock
) -> None:
    compact = token()
    assert validator.verdict(compact, POLICY).is_accepted
    issuer.is_down = True
    for _ in range(24 * 12 - 1):
        clock.forward(300)
        assert validator.verdict(compact, POLICY).is_accepted
