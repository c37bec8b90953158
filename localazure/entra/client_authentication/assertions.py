"""Client assertions: signed tokens instead of a client secret (RFC 7521, RFC 7523).

An application signs with a registered certificate; a workload presents a token of an issuer that
a federated credential names. Codes: Microsoft's "Microsoft Entra authentication error codes".
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from localazure.entra import errors

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Entra allows for clocks that differ by this much.
LEEWAY_SECONDS = 300
_ALGORITHMS = ("RS256", "PS256")

Credential = Mapping[str, Any]


@dataclass(frozen=True)
class Assertion:
    """A client assertion that is not verified yet."""

    token: str
    header: dict[str, Any]
    claims: dict[str, Any]

    @classmethod
    def read(cls, token: str) -> Assertion:
        """Read a token without verifying it. Raises TokenRefused."""
        try:
            header = jwt.get_unverified_header(token)
            claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise errors.malformed_assertion() from error
        return cls(token, header, claims)

    @property
    def audiences(self) -> list[str]:
        """The audiences, as a list."""
        audience = self.claims.get("aud")
        return [str(one) for one in (audience if isinstance(audience, list) else [audience])]

    def verify_signature(self, key: rsa.RSAPublicKey) -> None:
        """Verify the signature alone. Raises jwt.InvalidTokenError."""
        # Times and audience are checked separately.
        jwt.decode(
            self.token,
            key,
            algorithms=list(_ALGORITHMS),
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )

    def check_times(self) -> None:
        """Refuse an assertion out of its valid time range. Raises TokenRefused."""
        now, claims = time.time(), self.claims
        expires, begins = claims.get("exp"), claims.get("nbf", claims.get("iat", 0))
        if not isinstance(expires, int | float) or not isinstance(begins, int | float):
            raise errors.malformed_assertion()
        if not begins - LEEWAY_SECONDS <= now <= expires + LEEWAY_SECONDS:
            raise errors.assertion_out_of_time()


def verify_certificate(
    assertion: Assertion, app_id: str, certificates: Iterable[str], audiences: Iterable[str]
) -> None:
    """Verify an assertion that an application signed with a registered certificate.

    `certificates` are PEM; `audiences` the token endpoints. Raises TokenRefused.
    """
    key = _registered_key(assertion.header, certificates)
    if key is None:
        raise errors.certificate_not_registered()
    try:
        assertion.verify_signature(key)
    except jwt.InvalidTokenError as error:
        raise errors.wrong_assertion_signature() from error
    claims = assertion.claims
    if claims.get("iss") != app_id or claims.get("sub") != app_id:
        raise errors.assertion_of_another_client()
    if not set(assertion.audiences) & set(audiences):
        raise errors.wrong_assertion_audience()
    assertion.check_times()


def matching_credential(assertion: Assertion, credentials: Iterable[Credential]) -> Credential:
    """Return the federated credential of the assertion's issuer, subject and audience.

    Values are compared exactly, issuer first. Raises TokenRefused.
    """
    claims = assertion.claims
    issued = [one for one in credentials if one["issuer"] == claims.get("iss")]
    if not issued:
        raise errors.no_federated_issuer(str(claims.get("iss")))
    subjects = [one for one in issued if one["subject"] == claims.get("sub")]
    if not subjects:
        raise errors.no_federated_subject(str(claims.get("sub")))
    for one in subjects:
        if set(one["audiences"]) & set(assertion.audiences):
            return one
    raise errors.no_federated_audience(", ".join(assertion.audiences))


def verify_federated(assertion: Assertion, keys: Mapping[str, rsa.RSAPublicKey]) -> None:
    """Verify a workload's token with its issuer's keys, by their ids. Raises TokenRefused."""
    key = keys.get(str(assertion.header.get("kid")))
    if key is None:
        raise errors.federated_key_not_found()
    try:
        assertion.verify_signature(key)
    except jwt.InvalidTokenError as error:
        raise errors.wrong_assertion_signature() from error
    assertion.check_times()


def _registered_key(header: Mapping[str, Any], pems: Iterable[str]) -> rsa.RSAPublicKey | None:
    named = {header.get("x5t"), header.get("kid"), header.get("x5t#S256")} - {None}
    for pem in pems:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = certificate.public_key()
        if named & _thumbprints(certificate) and isinstance(key, rsa.RSAPublicKey):
            return key
    return None


def _thumbprints(certificate: x509.Certificate) -> set[str]:
    found: set[str] = set()
    for algorithm in (hashes.SHA1(), hashes.SHA256()):  # noqa: S303 (RFC 7515's x5t)
        digest = certificate.fingerprint(algorithm)
        encoded = base64.urlsafe_b64encode(digest).decode("ascii")
        found |= {encoded, encoded.rstrip("="), digest.hex(), digest.hex().upper()}
    return found
