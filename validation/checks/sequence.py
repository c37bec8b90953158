"""The checks of an access token, in order, and the verdict that they come to. Pure.

First what costs nothing and reveals nothing: form, header, times, issuer. Then the signature. Only
then whom the token is for and whose it is, so that those verdicts speak of tokens which Entra did
issue, and a forger learns nothing about the policy by trying.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from validation.checks import claims, signature, structure
from validation.checks.inspection import CheckFunction, Finding, Inspection
from validation.errors import Reason, Refused
from validation.keys.key_ring import KeySource
from validation.policy import TokenPolicy
from validation.verdict import Check, Outcome, Verdict, VerifiedClaims

_BEFORE_THE_KEY: Final[tuple[tuple[str, CheckFunction], ...]] = (
    ("size", structure.size),
    ("parts", structure.parts),
    ("encoding", structure.encoding),
    ("header", structure.header),
    ("algorithm", structure.algorithm),
    ("type", structure.token_type),
    ("extensions", structure.extensions),
    ("key id", structure.key_id),
    ("payload", structure.payload),
    ("lifetime", claims.lifetime),
    ("expiry", claims.expiry),
    ("start", claims.start),
    ("issuer", claims.issuer),
    ("tenant", claims.tenant),
    ("version", claims.version),
)
_AFTER_THE_SIGNATURE: Final[tuple[tuple[str, CheckFunction], ...]] = (
    ("audience", claims.audience),
    ("application", claims.application),
    ("principal", claims.principal),
    ("client", claims.client),
    ("resource", claims.resource),
)


def _key(inspection: Inspection) -> Finding:
    """A key id that is not held is worth asking the issuer for only if all else fits.

    Otherwise anybody could use up the cool-down with invented key ids, and a key that was really
    rotated would not be looked for.
    """
    return signature.known_key(inspection, is_worth_a_fetch=_would_pass)


def _would_pass(inspection: Inspection) -> bool:
    try:
        for _, check in _AFTER_THE_SIGNATURE:
            check(inspection)
    except Refused:
        return False
    return True


CHECKS: Final[tuple[tuple[str, CheckFunction], ...]] = (
    *_BEFORE_THE_KEY,
    ("key", _key),
    ("signature", signature.signature),
    *_AFTER_THE_SIGNATURE,
)
_NOT_REACHED: Final = tuple(Check(name, Outcome.NOT_REACHED) for name, _ in CHECKS)


def validate(token: str, policy: TokenPolicy, keys: KeySource, now: float) -> Verdict:
    """Check a compact token against a policy; `now` is in seconds since the epoch.

    Never raises for what the token is, and returns claims only where every check passed.
    """
    inspection = Inspection(token, policy, keys, now)
    done: list[Check] = []
    for name, check in CHECKS:
        try:
            finding = check(inspection)
        except Refused as refusal:
            done.append(
                Check(name, Outcome.FAIL, refusal.expected, refusal.found, refusal.sentence)
            )
            return _refused(done, refusal.reason)
        done.append(Check(name, Outcome.PASS, *finding))
    claims = VerifiedClaims(MappingProxyType({**inspection.unverified_claims}))
    return Verdict(tuple(done), claims, key=inspection.key)


def _refused(done: list[Check], reason: Reason) -> Verdict:
    return Verdict((*done, *_NOT_REACHED[len(done) :]), reason=reason)
