"""The RSA keys that sign tokens: published as Entra publishes them, rotated on demand."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

# Longer than any demo; validators do not check the dates of these certificates.
_LIFETIME = dt.timedelta(days=3650)


def base64url(value: bytes) -> str:
    """Encode without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


@dataclass(frozen=True)
class SigningKey:
    """An RSA key and its self-signed certificate. As in Entra, `kid` and `x5t` are the same."""

    private_key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @classmethod
    def generate(cls) -> SigningKey:
        """Generate a key of 2048 bits, the size of Entra's."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local Azure token signing")])
        now = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + _LIFETIME)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @cached_property
    def kid(self) -> str:
        """The SHA-1 thumbprint of the certificate (RFC 7515, section 4.1.7)."""
        return base64url(hashlib.sha1(self._der, usedforsecurity=False).digest())

    @cached_property
    def _der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @cached_property
    def public_pem(self) -> bytes:
        """The public key as SubjectPublicKeyInfo PEM."""
        return self.private_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def jwk(self) -> dict[str, Any]:
        """Return the public key as a member of a key set (RFC 7517)."""
        numbers = self.private_key.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
            "e": base64url(numbers.e.to_bytes(3)),
            "x5c": [base64.b64encode(self._der).decode("ascii")],
        }

    def to_json(self) -> dict[str, str]:
        """Return key and certificate as PEM text; `from_json` reads them back."""
        key = self.private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        certificate = self.certificate.public_bytes(serialization.Encoding.PEM)
        return {"privateKey": key.decode("ascii"), "certificate": certificate.decode("ascii")}

    @classmethod
    def from_json(cls, value: dict[str, str]) -> SigningKey:
        """Read what `to_json` wrote."""
        key = serialization.load_pem_private_key(value["privateKey"].encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("The state file contains a signing key that is not an RSA key.")
        return cls(key, x509.load_pem_x509_certificate(value["certificate"].encode()))


class SigningKeys:
    """All published keys; the last one signs."""

    def __init__(self, keys: list[SigningKey] | None = None) -> None:
        self._keys = keys or [SigningKey.generate()]

    @property
    def current(self) -> SigningKey:
        """The key that signs new tokens."""
        return self._keys[-1]

    @cached_property
    def unpublished(self) -> SigningKey:
        """A key that no key set publishes."""
        return SigningKey.generate()

    def find(self, kid: object) -> SigningKey | None:
        """Return the published key of that id."""
        return next((key for key in self._keys if key.kid == kid), None)

    def rotate(self) -> SigningKey:
        """Add a new signing key; the old ones stay published."""
        self._keys.append(SigningKey.generate())
        return self.current

    def forget_rotations(self) -> None:
        """Remove all keys except the first."""
        del self._keys[1:]

    def jwks(self, issuer: str | None = None) -> dict[str, Any]:
        """Return the key set; v2 documents name each key's issuer, v1 documents do not."""
        extra = {"issuer": issuer} if issuer else {}
        return {"keys": [key.jwk() | extra for key in self._keys]}

    def to_json(self) -> list[dict[str, str]]:
        """Return the keys as JSON values; `from_json` reads them back."""
        return [key.to_json() for key in self._keys]

    @classmethod
    def from_json(cls, value: list[dict[str, str]]) -> SigningKeys:
        """Read what `to_json` wrote."""
        return cls([SigningKey.from_json(key) for key in value])
