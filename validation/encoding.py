"""Strict decoders of base64url and JSON: each value has exactly one accepted spelling."""

from __future__ import annotations

import binascii
import json
import math
import re
from typing import Final, Never

from validation.errors import Reason, Refused

# Entra's documents nest three deep.
MAX_DEPTH: Final = 16
# More digits than a 64-bit number has, and few enough that reading one costs nothing.
_MAX_DIGITS: Final = 20

# Possessive and content without a closing quote: linear in time whatever the text.
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
# The two letters in which base64url differs; base64's own become one that neither has.
_TO_STANDARD: Final = bytes.maketrans(b"-_+/", b"+/!!")
_BRACKET: Final = re.compile(r"[\[\]{}]")


def base64url_bytes(text: str, what: str) -> bytes:
    """Decode base64url without padding (RFC 7515, section 2).

    Refuses non-canonical spellings: padding, other characters, unused bits in the last
    character that are not zero. Raises Refused; `what` names the part in messages.
    """
    decoded = None
    if text.isascii():
        standard = text.encode("ascii").translate(_TO_STANDARD)
        try:
            decoded = binascii.a2b_base64(standard + b"=" * (-len(standard) % 4))
        except binascii.Error:
            pass
        else:
            # Python's decoder skips what it does not know; encoding again shows whether it did.
            if binascii.b2a_base64(decoded, newline=False).rstrip(b"=") != standard:
                decoded = None
    if decoded is None:
        raise Refused(
            Reason.BAD_BASE64URL,
            f"The {what} is not canonical base64url, so it was cut, padded or altered in transit.",
            expected="base64url without padding",
            found=f"{len(text)} characters of another encoding",
        )
    return decoded


def json_object(data: bytes, what: str) -> dict[str, object]:
    """Read exactly one JSON object in UTF-8 (RFC 8259).

    Duplicate names, numbers that are not finite or absurdly long, lone surrogates, a byte order
    mark and deep nesting are refused. Raises Refused; `what` names the part in messages.
    """
    try:
        text = data.decode("utf-8")
        _refuse_depth(text, what)
        value = _DECODER.decode(text)
        if "\\ud" in text or "\\uD" in text:
            # A lone surrogate, U+D800 to U+DFFF, can be neither logged nor stored.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except _DuplicateName as error:
        raise Refused(
            Reason.DUPLICATE_KEY,
            f"The {what} names a key twice, and readers differ on which of the two counts.",
            expected="each key once",
            found="a key named twice",
        ) from error
    except ValueError as error:
        raise Refused(
            Reason.BAD_JSON,
            f"The {what} is not valid JSON in UTF-8.",
            expected="JSON",
            found=f"{len(data)} bytes of other data",
        ) from error
    if not isinstance(value, dict):
        raise Refused(
            Reason.NOT_AN_OBJECT,
            f"The {what} is JSON, but not an object.",
            expected="a JSON object",
            found=type(value).__name__,
        )
    return value


def _refuse_depth(text: str, what: str) -> None:
    # Nesting cannot exceed the number of opening brackets, which is cheap to count.
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > MAX_DEPTH:
            raise Refused(
                Reason.NESTED_TOO_DEEP,
                f"The {what} nests deeper than any token of Entra's.",
                expected=f"at most {MAX_DEPTH} levels",
                found="more levels",
            )


class _DuplicateName(ValueError):
    """An object names a member twice."""


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateName
    return members


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError("A number is too long.")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("A number is not finite.")
    return number


def _constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON.")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=_constant,
)
