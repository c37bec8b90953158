"""Checks of a token's form. They need no key and trust nothing in the token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

from validation.checks.check_state import Inspection
from validation.encoding import base64url_bytes, json_object
from validation.errors import Reason, Refused
from validation.verdict import Describe, Finding, UnverifiedClaims, shown

# A managed identity's token is under 2 KiB; one with two hundred groups is under 10.
MAX_TOKEN_CHARACTERS: Final = 16 * 1024
_SIZE: Final = f"at most {MAX_TOKEN_CHARACTERS} characters"
# Of the header, and of the payload: Entra leaves groups out where there are more than 200.
MAX_COMMAS: Final = 384
MAX_BRACKETS: Final = 64
# Entra's are SHA-1 thumbprints, 27 characters.
MAX_KEY_ID_CHARACTERS: Final = 128

ALGORITHM: Final = "RS256"

_PARTS: Final = 3
_ENCRYPTED_PARTS: Final = 5

# RFC 7515 section 4.1.11, RFC 7797. No extension is supported.
_CRITICAL: Final = ("crit", "b64")
# RFC 7516: encryption, compression. RFC 7519 section 5.2: a token within the token.
_UNSUPPORTED: Final = ("enc", "zip", "cty")
_EXTENSIONS: Final = frozenset({*_CRITICAL, *_UNSUPPORTED})
_HEADERS_READ: Final = frozenset({"alg", "typ", "kid", *_CRITICAL, *_UNSUPPORTED})
_CLAIMS_READ: Final = frozenset(
    {"aud", "iss", "sub", "exp", "nbf", "iat", "tid", "oid", "appid", "azp", "ver", "idtyp", "scp"}
    | {"xms_mirid", "xms_az_rid"}
)


def size(inspection: Inspection) -> Describe:
    """Check that the token is not too long."""
    length = len(inspection.token)
    if length > MAX_TOKEN_CHARACTERS:
        raise Refused(
            Reason.TOKEN_TOO_LARGE,
            f"The token has {length} characters. No token from Entra is longer than "
            f"{MAX_TOKEN_CHARACTERS}.",
            expected=_SIZE,
            found=f"{length} characters",
        )
    return lambda: Finding(_SIZE, f"{length} characters", "The token's size is acceptable.")


def parts(inspection: Inspection) -> Describe:
    """Check that the token is a compact JWS: header, payload, signature."""
    inspection.parts = inspection.token.split(".", _ENCRYPTED_PARTS)
    count = len(inspection.parts)
    if count != _PARTS:
        what = "is encrypted" if count == _ENCRYPTED_PARTS else f"has {count} parts"
        raise Refused(
            Reason.NOT_THREE_PARTS,
            f"The token {what}. A signed token is a header, a payload and a signature "
            "with a dot between them.",
            expected="three parts",
            found=f"{count} parts",
        )
    return lambda: Finding(
        "three parts", "three parts", "The token has a header, a payload and a signature."
    )


def encoding(inspection: Inspection) -> Describe:
    """Check that each part is canonical base64url, so that a token has one spelling."""
    if not inspection.token.isascii():
        raise Refused(
            Reason.BAD_BASE64URL,
            "The token contains non-ASCII characters, which base64url does not allow.",
            expected="base64url without padding",
            found="non-ASCII characters",
        )
    header, payload, signature = inspection.parts
    inspection.header_bytes = base64url_bytes(header, "header")
    inspection.payload_bytes = base64url_bytes(payload, "payload")
    inspection.signature = base64url_bytes(signature, "signature")
    return lambda: Finding(
        "base64url without padding", "the same", "Each part is canonical base64url."
    )


def header(inspection: Inspection) -> Describe:
    """Check that the header is one JSON object with unambiguous names."""
    unverified = _bounded_object(inspection.header_bytes, "header")
    _refuse_variants(unverified, _HEADERS_READ, "header")
    inspection.unverified_header = unverified
    return lambda: Finding(
        "one JSON object", f"{len(unverified)} names", "The header is a JSON object."
    )


def algorithm(inspection: Inspection) -> Describe:
    """Check that the algorithm is RS256, before any key is looked up (RFC 8725, section 3.1)."""
    found = inspection.unverified_header.get("alg")
    if found != ALGORITHM:
        raise Refused(
            Reason.ALGORITHM_NOT_ALLOWED,
            f"The token's algorithm is {shown(found)}. Entra signs with {ALGORITHM} "
            "only, so the token is forged.",
            expected=ALGORITHM,
            found=shown(found),
        )
    return lambda: Finding(ALGORITHM, ALGORITHM, "The algorithm is the one that Entra uses.")


def token_type(inspection: Inspection) -> Describe:
    """Check that `typ` is JWT, as in Entra's access tokens (RFC 8725, section 3.11)."""
    found = inspection.unverified_header.get("typ")
    if found != "JWT":
        raise Refused(
            Reason.WRONG_TYPE,
            f"The token has the type {shown(found)}. Entra's access tokens have the type JWT.",
            expected="JWT",
            found=shown(found),
        )
    return lambda: Finding("JWT", "JWT", "The token has the right type.")


def extensions(inspection: Inspection) -> Describe:
    """Check for extensions that would change the meaning of the signature or the payload."""
    header = inspection.unverified_header
    if not _EXTENSIONS.isdisjoint(header):
        _refuse_extensions(header)
    return lambda: Finding(
        "no crit, b64, enc, zip, cty", "none", "The header has no unsupported parameters."
    )


def key_id(inspection: Inspection) -> Describe:
    """Check that the header names a key by a short string; keys and URLs in it are ignored."""
    if "kid" not in inspection.unverified_header:
        raise Refused(
            Reason.KEY_ID_MISSING,
            "The header has no kid, so it does not name a key of the issuer.",
            expected="kid: a string",
            found="no kid",
        )
    kid = inspection.unverified_header["kid"]
    if not _is_key_id(kid):
        raise Refused(
            Reason.KEY_ID_INVALID,
            "The header's kid is not a short string, as Entra's key IDs are.",
            expected=f"kid: 1 to {MAX_KEY_ID_CHARACTERS} printable characters",
            found=shown(kid),
        )
    return lambda: Finding("kid: a string", shown(kid), "The header names a key.")


def payload(inspection: Inspection) -> Describe:
    """Check that the payload is one JSON object with unambiguous names."""
    unverified = _bounded_object(inspection.payload_bytes, "payload")
    _refuse_variants(unverified, _CLAIMS_READ, "payload")
    inspection.unverified_claims = UnverifiedClaims(unverified)
    return lambda: Finding(
        "one JSON object", f"{len(unverified)} claims", "The payload is a JSON object."
    )


def _bounded_object(data: bytes, what: str) -> dict[str, object]:
    """Read a JSON object, unless it has more values than can be read at little cost."""
    if data.count(b"[") + data.count(b"{") > MAX_BRACKETS:
        raise Refused(
            Reason.NESTED_TOO_DEEP,
            f"The {what} is nested more deeply, or has more lists and objects, than any token from "
            "Entra.",
            expected=f"at most {MAX_BRACKETS} opening brackets",
            found="more opening brackets",
        )
    if data.count(b",") > MAX_COMMAS:
        raise Refused(
            Reason.TOKEN_TOO_LARGE,
            f"The {what} has more values than any token from Entra.",
            expected=f"at most {MAX_COMMAS} commas",
            found="more commas",
        )
    return json_object(data, what)


def _refuse_extensions(header: Mapping[str, object]) -> NoReturn:
    critical = [name for name in _CRITICAL if name in header]
    if critical:
        raise Refused(
            Reason.CRITICAL_HEADER,
            f"The header contains {' and '.join(critical)}, which require an extension. Extensions "
            "are not supported, and Entra does not use them.",
            expected="no crit, no b64",
            found=", ".join(critical),
        )
    unsupported = [name for name in _UNSUPPORTED if name in header]
    raise Refused(
        Reason.UNSUPPORTED_HEADER,
        f"The header contains {' and '.join(unsupported)}, so the token is encrypted, compressed "
        "or nested. Entra's tokens for applications are not.",
        expected="no enc, no zip, no cty",
        found=", ".join(unsupported),
    )


def _is_key_id(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_KEY_ID_CHARACTERS
        and value.isascii()
        and value.isprintable()
    )


def _refuse_variants(members: dict[str, object], known: frozenset[str], what: str) -> None:
    for name in members.keys() - known:
        if name.casefold() in known:
            raise Refused(
                Reason.AMBIGUOUS_NAME,
                f"The {what} spells {name.casefold()} as {shown(name)}; readers that ignore case "
                "would take one for the other.",
                expected=name.casefold(),
                found=shown(name),
            )
