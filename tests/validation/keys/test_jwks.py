"""Published keys are read as strictly as tokens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.validation.tokens import base64url, jwk, private_key
from validation.errors import KeysUnavailable
from validation.keys.jwks import SigningKey, read_key_set


def test_accepts_key_of_entra() -> None:
    entra = jwk(x5t="current", x5c=["MII..."], issuer="https://sts.windows.net/{tenantid}/")
    key = SigningKey.from_jwk(entra)
    assert key.public_key == private_key().public_key()
    assert key.issuer == "https://sts.windows.net/{tenantid}/"


def test_accepts_key_with_v1_members() -> None:
    assert SigningKey.from_jwk(jwk(use=None)).public_key is not None


@pytest.mark.parametrize(
    ("members", "defect"),
    [
        ({"kty": "EC"}, "not an RSA key"),
        ({"kty": None}, "not an RSA key"),
        ({"use": "enc"}, "is not signing"),
        ({"key_ops": ["encrypt"]}, "not include verify"),
        ({"key_ops": "verify"}, "not include verify"),
        ({"alg": "PS256"}, "another algorithm"),
        ({"d": "AQAB"}, "private part"),
        ({"n": None}, "missing"),
        ({"n": 5}, "missing"),
        ({"n": "A" * 10_000}, "too long"),
        ({"n": "not base64url"}, "not base64url"),
        ({"n": base64url(bytes(256))}, "0 bits"),
        ({"e": "Ag"}, "not those of an RSA key"),
        ({"e": "AQ"}, "not those of an RSA key"),
    ],
)
def test_refuses_key_for_another_purpose(members: dict[str, Any], defect: str) -> None:
    key = SigningKey.from_jwk(jwk(**members))
    assert key.public_key is None
    assert defect in key.defect


def test_refuses_short_key() -> None:
    assert "1024 bits" in SigningKey.from_jwk(jwk("weak", bits=1024)).defect


def test_refuses_two_keys_with_one_id() -> None:
    twins = {"keys": [jwk(), jwk("other") | {"kid": "current"}, jwk("third")]}
    keys = read_key_set(twins)
    assert keys["current"].public_key is None
    assert keys["third"].public_key is not None


def test_accepts_repeated_key() -> None:
    assert read_key_set({"keys": [jwk(), jwk()]})["current"].public_key is not None


@pytest.mark.parametrize("kid", [None, "", 7])
def test_skips_key_without_id(kid: Any) -> None:
    nameless = {**jwk(), "kid": kid}
    assert set(read_key_set({"keys": [nameless, "nonsense", jwk("other")]})) == {"other"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": [jwk(use="enc")]},
        {"keys": [jwk()] * 65},
    ],
)
def test_refuses_set_without_usable_key(document: dict[str, Any]) -> None:
    with pytest.raises(KeysUnavailable):
        read_key_set(document)
