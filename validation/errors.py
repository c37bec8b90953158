"""Reasons for refusing a token, and the error for signing keys that could not be read."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Reason codes. They are stable: dashboards and alerts may use them."""

    # The Authorization header.
    AUTHORIZATION_MISSING = "authorization_missing"
    AUTHORIZATION_TOO_LARGE = "authorization_too_large"
    AUTHORIZATION_MALFORMED = "authorization_malformed"
    WRONG_SCHEME = "wrong_scheme"
    # The form of the token.
    TOKEN_TOO_LARGE = "token_too_large"  # noqa: S105
    NOT_THREE_PARTS = "not_three_parts"
    BAD_BASE64URL = "bad_base64url"
    BAD_JSON = "bad_json"
    NOT_AN_OBJECT = "not_an_object"
    NESTED_TOO_DEEP = "nested_too_deep"
    DUPLICATE_KEY = "duplicate_key"
    AMBIGUOUS_NAME = "ambiguous_name"
    # Its header.
    ALGORITHM_NOT_ALLOWED = "algorithm_not_allowed"
    WRONG_TYPE = "wrong_type"
    CRITICAL_HEADER = "critical_header"
    UNSUPPORTED_HEADER = "unsupported_header"
    KEY_ID_MISSING = "key_id_missing"
    KEY_ID_INVALID = "key_id_invalid"
    # Its key and signature.
    KEYS_UNAVAILABLE = "keys_unavailable"
    KEY_ID_UNKNOWN = "key_id_unknown"
    KEY_UNUSABLE = "key_unusable"
    KEY_OF_ANOTHER_ISSUER = "key_of_another_issuer"
    SIGNATURE_MISSING = "signature_missing"
    BAD_SIGNATURE = "bad_signature"
    # Its claims.
    MISSING_CLAIM = "missing_claim"
    WRONG_CLAIM_TYPE = "wrong_claim_type"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    ISSUED_IN_THE_FUTURE = "issued_in_the_future"
    LIFETIME_INVERTED = "lifetime_inverted"
    LIFETIME_TOO_LONG = "lifetime_too_long"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_TENANT = "wrong_tenant"
    WRONG_VERSION = "wrong_version"
    NO_AUDIENCE_ACCEPTED = "no_audience_accepted"
    SEVERAL_AUDIENCES = "several_audiences"
    WRONG_AUDIENCE = "wrong_audience"
    USER_TOKEN = "user_token"  # noqa: S105
    NO_PRINCIPAL_ACCEPTED = "no_principal_accepted"
    WRONG_PRINCIPAL = "wrong_principal"
    WRONG_CLIENT = "wrong_client"
    WRONG_RESOURCE = "wrong_resource"
    CLAIMS_MISMATCH = "claims_mismatch"


# For the caller: no value of the policy, and no character that RFC 6750, section 3, forbids
# in error_description.
DESCRIPTIONS: Final[dict[Reason, str]] = {
    Reason.AUTHORIZATION_MISSING: "The request has no access token in the Authorization header.",
    Reason.AUTHORIZATION_TOO_LARGE: "The Authorization header is too large.",
    Reason.AUTHORIZATION_MALFORMED: "The Authorization header must be Bearer, a space and a token.",
    Reason.WRONG_SCHEME: "The Authorization header must use the scheme Bearer.",
    Reason.TOKEN_TOO_LARGE: "The token is too large.",
    Reason.NOT_THREE_PARTS: "The token does not have three parts separated by dots.",
    Reason.BAD_BASE64URL: "A part of the token is not canonical base64url without padding.",
    Reason.BAD_JSON: "A part of the token is not valid JSON.",
    Reason.NOT_AN_OBJECT: "A part of the token is not a JSON object.",
    Reason.NESTED_TOO_DEEP: "A part of the token is nested too deeply.",
    Reason.DUPLICATE_KEY: "A part of the token contains the same name twice.",
    Reason.AMBIGUOUS_NAME: "The token contains a known name in the wrong case.",
    Reason.ALGORITHM_NOT_ALLOWED: "The token must be signed with RS256.",
    Reason.WRONG_TYPE: "The type in the token's header must be JWT.",
    Reason.CRITICAL_HEADER: "The token's header requires an extension that is not supported.",
    Reason.UNSUPPORTED_HEADER: "The token is encrypted, compressed or nested.",
    Reason.KEY_ID_MISSING: "The token's header has no key ID (kid).",
    Reason.KEY_ID_INVALID: "The key ID (kid) in the token's header is not a short string.",
    Reason.KEYS_UNAVAILABLE: "The issuer's signing keys are not available at present. Try again.",
    Reason.KEY_ID_UNKNOWN: "The issuer publishes no signing key with the token's key ID.",
    Reason.KEY_UNUSABLE: "The issuer's key with the token's key ID cannot verify signatures.",
    Reason.KEY_OF_ANOTHER_ISSUER: "The token's key belongs to another issuer.",
    Reason.SIGNATURE_MISSING: "The token is not signed.",
    Reason.BAD_SIGNATURE: "The token's signature is wrong.",
    Reason.MISSING_CLAIM: "The token has no value for a required claim.",
    Reason.WRONG_CLAIM_TYPE: "A claim of the token has the wrong type.",
    Reason.EXPIRED: "The token has expired.",
    Reason.NOT_YET_VALID: "The token is not valid yet.",
    Reason.ISSUED_IN_THE_FUTURE: "The token was issued in the future.",
    Reason.LIFETIME_INVERTED: "The token expires before it becomes valid.",
    Reason.LIFETIME_TOO_LONG: "The lifetime of the token is too long.",
    Reason.WRONG_ISSUER: "The token is from another issuer.",
    Reason.WRONG_TENANT: "The token is from another tenant.",
    Reason.WRONG_VERSION: "The token has another version than required.",
    Reason.NO_AUDIENCE_ACCEPTED: "The receiver accepts no audience for this request.",
    Reason.SEVERAL_AUDIENCES: "The token is for more than one audience.",
    Reason.WRONG_AUDIENCE: "The token is for another audience.",
    Reason.USER_TOKEN: "The token was issued for a user. Only application tokens are accepted.",
    Reason.NO_PRINCIPAL_ACCEPTED: "The receiver accepts no identity for this request.",
    Reason.WRONG_PRINCIPAL: "The token was issued to another identity.",
    Reason.WRONG_CLIENT: "The token was issued to another client.",
    Reason.WRONG_RESOURCE: "The token was issued to the identity of another Azure resource.",
    Reason.CLAIMS_MISMATCH: "The token's claims do not match the required values.",
}

# Claims that the policy compares. The caller gets CLAIMS_MISMATCH instead, because the exact
# reason would show an attacker which claims already match.
_UNDISCLOSED: Final = frozenset(
    {
        Reason.WRONG_ISSUER,
        Reason.WRONG_TENANT,
        Reason.WRONG_VERSION,
        Reason.NO_AUDIENCE_ACCEPTED,
        Reason.SEVERAL_AUDIENCES,
        Reason.WRONG_AUDIENCE,
        Reason.USER_TOKEN,
        Reason.NO_PRINCIPAL_ACCEPTED,
        Reason.WRONG_PRINCIPAL,
        Reason.WRONG_CLIENT,
        Reason.WRONG_RESOURCE,
    }
)


def disclosed(reason: Reason) -> Reason:
    """Return the reason to show to the caller. Logs and metrics keep the exact one."""
    return Reason.CLAIMS_MISMATCH if reason in _UNDISCLOSED else reason


class Refused(Exception):
    """A check failed. Holds the expected value, the value found, and a message."""

    def __init__(self, reason: Reason, message: str, *, expected: str, found: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.expected = expected
        self.found = found


class KeysUnavailable(Exception):
    """The issuer's signing keys could not be read; the message says why."""


class LocalFault(KeysUnavailable):
    """No request for the keys could be sent: the configuration of this machine is wrong."""
