"""Signing keys, parsed strictly from a JSON Web Key Set (RFC 7517)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from validation.encoding import base64url_bytes
from validation.errors import KeysUnavailable, Refused
from validation.keys.weak_keys import is_roca

# RFC 7518 section 3.3 requires 2048 bits. The upper bound keeps one verification cheap.
MIN_KEY_BITS: Final = 2048
MAX_KEY_BITS: Final = 8192
# Entra publishes fewer than ten at a time.
MAX_KEYS: Final = 64

_MEMBERS: Final = ("kty", "kid", "n", "e", "use", "key_ops", "alg", "issuer")
_PRIVATE_MEMBERS: Final = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
# Characters of base64url that hold MAX_KEY_BITS.
_MAX_NUMBER_CHARACTERS: Final = MAX_KEY_BITS // 6 + 1


@dataclass(frozen=True)
class SigningKey:
    """A published key. `public_key` is None where `defect` gives the reason."""

    kid: str
    # The issuer that may use this key, where the key says so. May hold `{tenantid}`.
    issuer: str | None
    # The members above that were published, so that keys can be shared as JSON.
    jwk: Mapping[str, object] = field(repr=False)
    public_key: RSAPublicKey | None = field(default=None, repr=False, compare=False)
    defect: str = ""

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> SigningKey:
        """Read one member of a key set; a key that cannot be used is kept with the reason.

        Raises ValueError for a key without a string as `kid`: no token can name it.
        """
        kid = jwk.get("kid")
        if not isinstance(kid, str) or not kid:
            raise ValueError("A published key has no kid.")
        issuer = jwk.get("issuer")
        issuer = issuer if isinstance(issuer, str) else None
        members = {name: jwk[name] for name in _MEMBERS if name in jwk}
        try:
            return cls(kid, issuer, members, _public_key(jwk))
        except _Defect as defect:
            return cls(kid, issuer, members, defect=str(defect))


def read_key_set(document: Mapping[str, object]) -> dict[str, SigningKey]:
    """Return the keys of a key set by their ids.

    Raises KeysUnavailable for a set that is malformed, too long, or without one usable key: such a
    set must never replace a good one.
    """
    members = document.get("keys")
    if not isinstance(members, list) or len(members) > MAX_KEYS:
        raise KeysUnavailable(f"The key set is not a list of at most {MAX_KEYS} keys")
    keys: dict[str, SigningKey] = {}
    for member in members:
        try:
            key = SigningKey.from_jwk(member if isinstance(member, dict) else {})
        except ValueError:
            continue
        keys[key.kid] = key if keys.get(key.kid, key) == key else _ambiguous(key)
    if not any(key.public_key for key in keys.values()):
        raise KeysUnavailable("The key set holds no key that can verify an RS256 signature")
    return keys


def _ambiguous(key: SigningKey) -> SigningKey:
    return SigningKey(key.kid, key.issuer, {"kid": key.kid}, defect="two keys share this kid")


class _Defect(Exception):
    """A key that must not verify signatures; the message is the reason."""


def _public_key(jwk: Mapping[str, object]) -> RSAPublicKey:
    _refuse_other_purposes(jwk)
    modulus, exponent = _number(jwk, "n"), _number(jwk, "e")
    if not MIN_KEY_BITS <= modulus.bit_length() <= MAX_KEY_BITS:
        raise _Defect(
            f"it has {modulus.bit_length()} bits, outside {MIN_KEY_BITS} to {MAX_KEY_BITS}"
        )
    if is_roca(modulus):
        raise _Defect("it is weak: its primes can be computed (ROCA, CVE-2017-15361)")
    try:
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise _Defect("its numbers are not those of an RSA key") from error


def _refuse_other_purposes(jwk: Mapping[str, object]) -> None:
    """RFC 7517 sections 4.2 to 4.4. PyJWT reads neither `use` nor `key_ops`."""
    if jwk.get("kty") != "RSA":
        raise _Defect("it is not an RSA key")
    if any(name in jwk for name in _PRIVATE_MEMBERS):
        raise _Defect("it is published with its private part")
    if jwk.get("use", "sig") != "sig":
        raise _Defect("its use is not signing")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise _Defect("its operations do not include verify")
    if jwk.get("alg", "RS256") != "RS256":
        raise _Defect("it is for another algorithm than RS256")


def _number(jwk: Mapping[str, object], name: str) -> int:
    value = jwk.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NUMBER_CHARACTERS:
        raise _Defect(f"its {name} is missing, or too long")
    try:
        return int.from_bytes(base64url_bytes(value, name))
    except Refused as error:
        raise _Defect(f"its {name} is not base64url") from error
