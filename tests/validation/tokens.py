"""Makes access tokens as Entra makes them, and as a forger would."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from validation.keys.jwks import SigningKey
from validation.policy import TokenPolicy

TENANT: Final = "11111111-1111-4111-8111-111111111111"
OTHER_TENANT: Final = "22222222-2222-4222-8222-222222222222"
PRINCIPAL: Final = "33333333-3333-4333-8333-333333333333"
OTHER_PRINCIPAL: Final = "44444444-4444-4444-8444-444444444444"
CLIENT: Final = "55555555-5555-4555-8555-555555555555"
AUDIENCE: Final = "api://receiver"
ISSUER: Final = f"https://sts.windows.net/{TENANT}/"
INSTANCE: Final = (
    "/subscriptions/66666666-6666-4666-8666-666666666666/resourceGroups/rg"
    "/providers/Microsoft.SignalRService/SignalR/chat"
)
NOW: Final = 1_800_000_000

POLICY: Final = TokenPolicy(
    tenant_id=TENANT,
    audiences=frozenset({AUDIENCE}),
    principal_ids=frozenset({PRINCIPAL}),
)
# Every requirement that a policy can have.
STRICT: Final = dataclasses.replace(
    POLICY, client_ids=frozenset({CLIENT}), resource_ids=frozenset({INSTANCE})
)


def private_key(kid: str = "current", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the private key of that name, made when first asked for."""
    return _generated(kid, bits)


@cache
def _generated(kid: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def jwk(kid: str = "current", bits: int = 2048, **members: Any) -> dict[str, Any]:
    """Return the published form of a key, with members added or (None) left out."""
    numbers = private_key(kid, bits).public_key().public_numbers()
    published = {
        "kty": "RSA",
        "use": "sig",
        "kid": kid,
        "n": base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
        "e": base64url(numbers.e.to_bytes(3)),
    }
    return without_none(published | members)


def signing_key(kid: str = "current", **members: Any) -> SigningKey:
    """Return a key as the product reads it."""
    return SigningKey.from_jwk(jwk(kid, **members))


class Keys:
    """A key source that holds the given keys."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = {key.kid: key for key in keys}

    def held_key(self, kid: str) -> SigningKey | None:
        """Return the key of that id."""
        return self.keys.get(kid)


def header(**members: Any) -> dict[str, Any]:
    """Return a header as Entra's, with members changed or (None) left out."""
    entra = {"typ": "JWT", "alg": "RS256", "x5t": "current", "kid": "current"}
    return without_none(entra | members)


def claims(**members: Any) -> dict[str, Any]:
    """Return the claims of a managed identity's token, changed or (None) left out."""
    entra = {
        "aud": AUDIENCE,
        "iss": ISSUER,
        "iat": NOW - 300,
        "nbf": NOW - 300,
        "exp": NOW + 86_400,
        "aio": "E2ZgYDg=",
        "appid": CLIENT,
        "appidacr": "2",
        "idp": ISSUER,
        "oid": PRINCIPAL,
        "rh": "1.AAAA.",
        "sub": PRINCIPAL,
        "tid": TENANT,
        "uti": "abcdef",
        "ver": "1.0",
        "xms_mirid": INSTANCE,
        "xms_az_rid": INSTANCE,
    }
    return without_none(entra | members)


def token(
    changed_claims: Mapping[str, Any] | None = None,
    changed_header: Mapping[str, Any] | None = None,
    *,
    kid: str = "current",
) -> str:
    """Return a token with a right signature of the key `kid`, whatever its header says."""
    return signed(
        json.dumps(header(**{"kid": kid, **(changed_header or {})})).encode(),
        json.dumps(claims(**(changed_claims or {}))).encode(),
        kid=kid,
    )


def signed(header_bytes: bytes, payload_bytes: bytes, *, kid: str = "current") -> str:
    """Return a token of exactly these bytes with a right signature."""
    signed_part = f"{base64url(header_bytes)}.{base64url(payload_bytes)}"
    signature = private_key(kid).sign(signed_part.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed_part}.{base64url(signature)}"


def base64url(value: bytes) -> str:
    """Encode without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def without_none(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are not None."""
    return {name: value for name, value in members.items() if value is not None}
