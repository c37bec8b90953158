"""The checks of an access token, in order, and the verdict. Free of Django.

First form, header, times and issuer; then the signature; then audience and principal, so that a
verdict about those speaks of a token that Entra issued.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from validation.checks import claims, signature, structure
from validation.checks.check_state import CheckFunction, Inspection
from validation.errors import Reason, Refused
from validation.keys.key_ring import KeySource
from validation.policy import TokenPolicy
from validation.verdict import Describe, Details, Finding, Verdict, VerifiedClaims

_OF_THE_FORM: Final[tuple[tuple[str, CheckFunction], ...]] = (
    ("size", structure.size),
    ("parts", structure.parts),
    ("encoding", structure.encoding),
)
# They depend on the header alone.
_OF_THE_HEADER: Final[tuple[tuple[str, CheckFunction], ...]] = (
    ("header", structure.header),
    ("algorithm", structure.algorithm),
    ("type", structure.token_type),
    ("extensions", structure.extensions),
    ("key id", structure.key_id),
)
_OF_THE_PAYLOAD: Final[tuple[tuple[str, CheckFunction], ...]] = (
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


def _key(inspection: Inspection) -> Describe:
    """Find the key; note a key id that is not held where reading the keys may bring it.

    That is where no keys are held, or everything else is right: key IDs are easy to forge.
    """
    try:
        return signature.known_key(inspection)
    except Refused as refused:
        is_unknown = refused.reason is Reason.KEY_ID_UNKNOWN and _mismatch(inspection) is None
        if is_unknown or refused.reason is Reason.KEYS_UNAVAILABLE:
            inspection.missing_key = str(inspection.unverified_header["kid"])
        raise


def _mismatch(inspection: Inspection) -> Refused | None:
    """Return the first claim that the policy does not accept."""
    try:
        for name, check in _AFTER_THE_SIGNATURE:
            if name not in inspection.passed:
                inspection.passed[name] = check(inspection)
    except Refused as refused:
        return refused
    return None


_FROM_THE_KEY: Final[tuple[tuple[str, CheckFunction], ...]] = (
    ("key", _key),
    ("signature", signature.signature),
    *_AFTER_THE_SIGNATURE,
)
CHECKS: Final = (*_OF_THE_FORM, *_OF_THE_HEADER, *_OF_THE_PAYLOAD, *_FROM_THE_KEY)
_NAMES: Final = tuple(name for name, _ in CHECKS)

# The headers that passed, with what describes their checks: all tokens of a key have the same one.
# Nothing here refers to the rest of a token. Forged headers fill it too: then it is emptied.
_passed_headers: Final[dict[bytes, tuple[Mapping[str, object], list[Describe]]]] = {}
_MOST_HEADERS: Final = 64


def validate(
    token: str,
    policy: TokenPolicy,
    keys: KeySource,
    now: float,
    *,
    may_verify_mismatch: Callable[[], bool] | None = None,
) -> Verdict:
    """Check a compact token against a policy; `now` is in seconds since the epoch.

    Never raises for an invalid token, and returns claims only where every check passed.

    With `may_verify_mismatch`, a token whose claims do not match the policy is refused with
    CLAIMS_MISMATCH before its signature is checked. Where the function returns True, the signature
    is checked, and if it is right the exact reason is given.
    """
    inspection = Inspection(token, policy, keys, now)
    passed: list[Describe] = []
    try:
        for _, check in _OF_THE_FORM:
            passed.append(check(inspection))
        _check_header(inspection, passed)
        for _, check in _OF_THE_PAYLOAD:
            passed.append(check(inspection))
        if may_verify_mismatch is not None:
            _refuse_mismatch(inspection, may_verify_mismatch)
        for name, check in _FROM_THE_KEY:
            passed.append(inspection.passed.get(name) or check(inspection))
    except Refused as refusal:
        failed = Finding(refusal.expected, refusal.found, refusal.message)
        return Verdict(
            Details(_NAMES, passed, failed),
            reason=refusal.reason,
            missing_key=inspection.missing_key,
        )
    verified = VerifiedClaims(MappingProxyType({**inspection.unverified_claims}))
    return Verdict(Details(_NAMES, passed), verified, key=inspection.key)


def _check_header(inspection: Inspection, passed: list[Describe]) -> None:
    """Check the header, unless the same one passed before, and add to `passed`. Raises Refused."""
    known = _passed_headers.get(inspection.header_bytes)
    if known is not None:
        inspection.unverified_header, described = known
        passed += described
        return
    before = len(passed)
    for _, check in _OF_THE_HEADER:
        passed.append(check(inspection))
    if len(_passed_headers) >= _MOST_HEADERS:
        _passed_headers.clear()
    _passed_headers[inspection.header_bytes] = inspection.unverified_header, passed[before:]


def _refuse_mismatch(inspection: Inspection, may_verify: Callable[[], bool]) -> None:
    """Raise Refused where the claims do not match and Entra is not known to have issued them."""
    mismatch = _mismatch(inspection)
    if mismatch is None or (may_verify() and _is_signed(inspection)):
        return
    raise Refused(
        Reason.CLAIMS_MISMATCH,
        f"{mismatch.reason}: {mismatch.message} The signature was not verified.",
        expected=mismatch.expected,
        found=mismatch.found,
    )


def _is_signed(inspection: Inspection) -> bool:
    try:
        signature.known_key(inspection)
        signature.signature(inspection)
    except Refused:
        return False
    return True
