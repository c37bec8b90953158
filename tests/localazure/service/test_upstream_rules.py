from __future__ import annotations

import msgpack
from hypothesis import given, settings
from hypothesis import strategies as st

from localazure.service.upstream.answers import completion
from localazure.service.upstream.request import ClientEvent, signature
from localazure.service.upstream.templates import expand, first_match

NAMES = {"hub": "h", "category": "c", "event": "e"}


def test_signature_is_microsofts_vector() -> None:
    keys = ["7aab239577fd4f24bc919802fb629f5f", "a5f2815d0d0c4b00bd27e832432f91ab"]
    assert signature("0f9c97a2f0bf4706afe87a14e0797b11", keys) == (
        "sha256=7767EFFCB3946F3E1DE039DF4B986EF02C110B1469D02C0A06F41B3B727AB561, "
        "sha256=D4AEFB65547A00A9881FA8AC8BD03D0FAF77AF9DA5205D45C6E57CBDA4377760"
    )


def varint(data: bytes) -> tuple[int, int]:
    """Return the value of a length prefix, and how many bytes it takes."""
    value = 0
    for index, byte in enumerate(data):
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, index + 1
    raise ValueError("The prefix does not end.")


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=40_000))
def test_binary_frame_starts_with_its_length(error: str) -> None:
    event = ClientEvent("h", "messages", "e", invocation_id="1", protocol="messagepack")
    frame = completion(event, error)
    length, prefix = varint(frame)
    assert length == len(frame) - prefix
    assert msgpack.unpackb(frame[prefix:])[-1] == error


def test_secret_is_not_expanded_again() -> None:
    template = "http://x/{hub}?code={@Microsoft.KeyVault(SecretUri=https://v/secrets/s/)}"
    assert expand(template, NAMES, lambda _uri: "{event}") == "http://x/h?code={event}"


def test_keeps_unknown_placeholders() -> None:
    assert expand("http://x/{Hub}/{user}", NAMES, str) == "http://x/{Hub}/{user}"


@given(st.lists(st.sampled_from(["a", "b", "*", " a ", "a, b", "c,*"])), st.sampled_from("abc"))
def test_first_matching_template_is_used(patterns: list[str], hub: str) -> None:
    templates = [
        {"hubPattern": pattern, "categoryPattern": "*", "eventPattern": None}
        for pattern in patterns
    ]
    match = first_match(templates, hub, "messages", "e")
    fits = [hub in pattern.replace(" ", "").split(",") or "*" in pattern for pattern in patterns]
    assert (match[0] if match else None) == (fits.index(True) if any(fits) else None)
