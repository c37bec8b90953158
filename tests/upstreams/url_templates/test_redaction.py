"""Keys in URLs are redacted, and everything else stays readable."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstreams.url_templates.redaction import plain_text_keys, redact, redacted

REFERENCE = "{@Microsoft.KeyVault(SecretUri=https://v-1.vault.azure.net/secrets/code)}"
KEY = "Sup3r/S3cret=="
HOLDING = [
    "https://a.example/{hub}?code=%s",
    "https://a.example/?a=1&sig=%s&b=2",
    "https://a.example/?x-functions-key=%s",
    "https://a.example/?api_key=%s#there",
    "https://a.example/?Subscription-Key=%s",
    "https://a.example/?access_token=%s",
    "https://a.example/#token=%s",
]
CLEAN = [
    "https://a.example/{hub}/api/{event}",
    f"https://a.example/?code={REFERENCE}",
    f"https://a.example/?code={REFERENCE}&sig={REFERENCE}",
    f"https://{REFERENCE}@a.example/",
    "https://a.example/?key={hub}",
    "https://a.example/?codec=opus&monkey=1&design=x",
    "https://a.example/me@home?a=1",
    "api://receiver",
]

keys = st.text("abcXYZ019-_.~/+=%", min_size=1, max_size=40)


@pytest.mark.parametrize("address", HOLDING)
def test_hides_key_and_keeps_the_rest(address: str) -> None:
    hidden = redact(address % KEY)
    assert KEY not in hidden
    before, after = address.split("%s")
    assert hidden.startswith(before)
    assert hidden.endswith(after)
    assert len(plain_text_keys(address % KEY)) == 1


def test_hides_user_and_password() -> None:
    hidden = redact("https://ada:lovelace@a.example/")
    assert re.fullmatch(r"https://\(hidden:[0-9a-f]{8}\)@a\.example/", hidden)
    assert plain_text_keys("https://ada:lovelace@a.example/") == ("user",)


@pytest.mark.parametrize("address", CLEAN)
def test_keeps_text_without_keys(address: str) -> None:
    assert redact(address) == address
    assert plain_text_keys(address) == ()


def test_hides_key_beside_a_reference() -> None:
    assert "prefix" not in redact(f"https://a.example/?code=prefix{REFERENCE}")


@given(st.sampled_from(HOLDING), keys, keys)
def test_distinguishes_two_keys(address: str, one: str, other: str) -> None:
    first, second = redact(address % one), redact(address % other)
    assert (first == second) == (one == other)
    assert redact(first) == first


def test_redacts_urls_in_text_and_documents() -> None:
    text = f'Azure says: "https://a.example/?code={KEY}" is not allowed.'
    document = {"before": None, "after": [{"url_template": text, "position": 1}]}
    text = json.dumps(redacted(document))
    assert KEY not in text
    assert "is not allowed" in text
    assert redacted(document)["after"][0]["position"] == 1
