"""A token is judged by the policy of its issuer, where tokens of several are accepted."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

import pytest

from tests.validation.keys.rings import Clock, RealIssuer, at_once
from tests.validation.tokens import CLIENT, OTHER_PRINCIPAL, POLICY, TENANT, token
from validation.errors import Reason
from validation.keys.key_ring import KeyRing
from validation.policy import TokenPolicy
from validation.validator import Validator
from validation.verdict import Verdict

V2 = dataclasses.replace(
    POLICY,
    issuer=f"https://login.microsoftonline.com/{TENANT}/v2.0",
    audiences=frozenset({CLIENT}),
)
V2_CLAIMS = {"iss": V2.issuer, "aud": CLIENT, "ver": "2.0", "appid": None, "azp": CLIENT}

Judge = Callable[..., Verdict]


@pytest.fixture
def issuer() -> RealIssuer:
    return RealIssuer(Clock(), "current")


@pytest.fixture(params=["verdict", "averdict"])
def judge(request: pytest.FixtureRequest, issuer: RealIssuer) -> Judge:
    """Return the verdict of a validator, waiting for it or on an event loop."""
    clock = Clock()
    validator = Validator(lambda _: KeyRing(issuer, clock=clock, start=at_once), clock=clock)
    if request.param == "verdict":
        return validator.verdict

    def on_a_loop(compact: str, *policies: TokenPolicy) -> Verdict:
        async def verdict() -> Verdict:
            return await validator.averdict(compact, *policies)

        return asyncio.run(verdict())

    return on_a_loop


@pytest.mark.parametrize("policies", [(V2, POLICY), (POLICY, V2)])
def test_accepts_tokens_of_each_issuer(judge: Judge, policies: tuple[TokenPolicy, ...]) -> None:
    assert judge(token(), *policies).is_accepted
    assert judge(token(V2_CLAIMS), *policies).is_accepted


@pytest.mark.parametrize("policies", [(V2, POLICY), (POLICY, V2)])
def test_claims_of_one_issuer_do_not_satisfy_another(
    judge: Judge, policies: tuple[TokenPolicy, ...]
) -> None:
    # Exact reasons need keys, which an event loop reads for tokens whose claims agree.
    assert judge(token(), POLICY).is_accepted
    assert judge(token(V2_CLAIMS), V2).is_accepted
    mixed = V2_CLAIMS | {"aud": "api://receiver"}
    assert judge(token(mixed), *policies).reason is Reason.WRONG_AUDIENCE
    assert judge(token({"aud": CLIENT}), *policies).reason is Reason.WRONG_AUDIENCE
    assert judge(token(V2_CLAIMS | {"ver": "1.0"}), *policies).reason is Reason.WRONG_VERSION
    other = V2_CLAIMS | {"oid": OTHER_PRINCIPAL}
    assert judge(token(other), *policies).reason is Reason.WRONG_PRINCIPAL


def test_refuses_tokens_of_any_other_issuer(judge: Judge) -> None:
    other = token({"iss": "https://issuer.example/"})
    assert judge(other, V2, POLICY).reason is Reason.WRONG_ISSUER
