"""Checks of the token's signing key and signature."""

from __future__ import annotations

from jwt.algorithms import RSAAlgorithm

from validation.checks.check_state import Inspection
from validation.errors import KeysUnavailable, Reason, Refused
from validation.keys.jwks import SigningKey
from validation.verdict import Describe, Finding, shown

# One algorithm and a key object, so the token cannot choose either. The token was already parsed
# strictly; PyJWT would parse it again, and less strictly.
_RS256 = RSAAlgorithm(RSAAlgorithm.SHA256)


def known_key(inspection: Inspection) -> Describe:
    """Check that the issuer publishes the key, for signatures by this issuer."""
    kid = inspection.unverified_header["kid"]
    key = _find(inspection, str(kid))
    if key.public_key is None:
        raise Refused(
            Reason.KEY_UNUSABLE,
            f"The issuer publishes the key {shown(kid)}, but {key.defect}.",
            expected="an RSA key for signatures of at least 2048 bits",
            found=key.defect,
        )
    _refuse_foreign(inspection, key)
    inspection.key = key
    return lambda: Finding(
        "a key that the issuer publishes", shown(kid), "The issuer publishes the token's key."
    )


def signature(inspection: Inspection) -> Describe:
    """Check the signature of header and payload with the issuer's key."""
    expected = "an RS256 signature of the issuer"
    if not inspection.signature:
        raise Refused(
            Reason.SIGNATURE_MISSING,
            "The token's third part, the signature, is empty.",
            expected=expected,
            found="nothing",
        )
    if not _is_signed(inspection):
        raise Refused(
            Reason.BAD_SIGNATURE,
            _why_bad(inspection),
            expected=expected,
            found=f"{len(inspection.signature)} bytes of another signature",
        )
    return lambda: Finding(
        expected, "the same", "The issuer signed exactly this header and payload."
    )


def _find(inspection: Inspection, kid: str) -> SigningKey:
    expected = "a key that the issuer publishes"
    try:
        key = inspection.keys.held_key(kid)
    except KeysUnavailable as error:
        raise Refused(
            Reason.KEYS_UNAVAILABLE, str(error), expected=expected, found="no keys at all"
        ) from error
    if key is None:
        raise Refused(
            Reason.KEY_ID_UNKNOWN,
            f"The issuer publishes no key {shown(kid)}: another party signed the token, or the key "
            "is newer than the last reading of the issuer's keys. An application with a signing "
            "key of its own in Entra (for mapped claims) has it published for ?appid= only, which "
            "is not read: remove that key from the application.",
            expected=expected,
            found=shown(kid),
        )
    return key


def _refuse_foreign(inspection: Inspection, key: SigningKey) -> None:
    """Entra marks a key with its issuer where it publishes keys for many (v2 documents do)."""
    if key.issuer is None:
        return
    policy = inspection.policy
    if key.issuer.replace("{tenantid}", policy.tenant_id) != policy.issuer:
        raise Refused(
            Reason.KEY_OF_ANOTHER_ISSUER,
            f"The token's key may sign for {shown(key.issuer)}, not for {policy.issuer}.",
            expected=policy.issuer,
            found=shown(key.issuer),
        )


def _is_signed(inspection: Inspection) -> bool:
    key = inspection.key
    if key is None or key.public_key is None:
        return False
    signed = inspection.token.rpartition(".")[0].encode("ascii")
    return _RS256.verify(signed, key.public_key, inspection.signature)


def _why_bad(inspection: Inspection) -> str:
    if "nonce" in inspection.unverified_header:
        # Microsoft Graph signs over a hash of the nonce, so that no other service can verify it.
        return (
            "The signature is wrong and the header has a nonce, so the token is for Microsoft "
            "Graph, which alone can verify it. Request a token for this application instead."
        )
    return "The signature is wrong. The token was altered, or another key signed it."
