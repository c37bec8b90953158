"""No change to a valid token leaves it valid."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.validation.keys.rings import Clock, RealIssuer, at_once
from tests.validation.tokens import NOW, STRICT, Keys, signing_key, token
from validation.authentication import HeaderRefused, bearer_token
from validation.checks.sequence import validate
from validation.encoding import base64url_bytes
from validation.errors import Refused
from validation.keys.key_ring import KeyRing
from validation.policy import TokenPolicy
from validation.validator import Validator

KEYS = Keys(signing_key(), signing_key("other"))
GOOD = token()


def validator() -> Validator:
    """Return a validator that remembers the good token."""
    clock = Clock()

    def ring_for(_: TokenPolicy) -> KeyRing:
        return KeyRing(RealIssuer(clock, *KEYS.keys), clock=clock, start=at_once)

    made = Validator(ring_for, clock=clock)
    assert made.verdict(GOOD, STRICT).is_accepted
    return made


VALIDATOR = validator()
PLACES = st.integers(0, len(GOOD) - 1)
TEXT = st.text(st.characters(codec="latin-1"), min_size=1, max_size=8)


def is_accepted(compact: str) -> bool:
    """Ask the checks themselves, and as a request does, where the good token is remembered."""
    return validate(compact, STRICT, KEYS, NOW).is_accepted or is_authenticated(compact)


def is_authenticated(compact: str) -> bool:
    try:
        bearer = bearer_token(f"Bearer {compact}")
    except HeaderRefused:
        return False
    return VALIDATOR.verdict(bearer, STRICT).is_accepted


def test_accepts_unchanged_token() -> None:
    assert validate(GOOD, STRICT, KEYS, NOW).is_accepted
    assert is_accepted(GOOD)
    assert VALIDATOR.verdict(GOOD, STRICT) is VALIDATOR.verdict(GOOD, STRICT)


@given(place=PLACES, bit=st.integers(0, 7))
def test_refuses_flipped_bit(place: int, bit: int) -> None:
    flipped = chr(ord(GOOD[place]) ^ (1 << bit))
    assert not is_accepted(GOOD[:place] + flipped + GOOD[place + 1 :])


@given(place=PLACES, character=st.sampled_from("ABCXYZabcxyz0189-_."))
def test_refuses_changed_character(place: int, character: str) -> None:
    assume(character != GOOD[place])
    assert not is_accepted(GOOD[:place] + character + GOOD[place + 1 :])


@given(first=PLACES, second=PLACES)
def test_refuses_swapped_characters(first: int, second: int) -> None:
    assume(GOOD[first] != GOOD[second])
    swapped = list(GOOD)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    assert not is_accepted("".join(swapped))


@given(start=PLACES, length=st.integers(1, len(GOOD)))
def test_refuses_truncated_token(start: int, length: int) -> None:
    assert not is_accepted(GOOD[:start] + GOOD[start + length :])


@given(place=st.integers(0, len(GOOD)), text=TEXT)
def test_refuses_insertion(place: int, text: str) -> None:
    assert not is_accepted(GOOD[:place] + text + GOOD[place:])


@given(parts=st.permutations(GOOD.split(".")))
def test_refuses_reordered_parts(parts: list[str]) -> None:
    assume(parts != GOOD.split("."))
    assert not is_accepted(".".join(parts))


@given(compact=st.text(max_size=300) | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*", fullmatch=True))
def test_refuses_arbitrary_text(compact: str) -> None:
    assert not is_accepted(compact)


@given(text=st.text(alphabet="ABCDwxyz0189-_=+/ \n", max_size=24))
def test_bytes_have_one_spelling(text: str) -> None:
    """Two texts that decode to the same bytes would be two tokens with one meaning."""
    try:
        decoded = base64url_bytes(text, "text")
    except Refused:
        return
    for other in (text + "=", text + "==", text + "A", text.swapcase()):
        try:
            same = base64url_bytes(other, "text") == decoded
        except Refused:
            continue
        assert not same or other == text
