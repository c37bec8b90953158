"""Redaction of keys in URL templates.

A Function App's `code`, a shared access signature and other bearer secrets belong in Key Vault.
Where a URL holds one in clear text, only the rows of desired and observed state keep it, because
Azure needs it; it is redacted everywhere else.
"""

from __future__ import annotations

import re
from typing import Any, Final

from django.utils.crypto import salted_hmac

# Parameters that hold a key, by the last word of their name: code and x-functions-key of Azure
# Functions, sig of a shared access signature and of Logic Apps, and the names that others use.
_WORDS: Final = (
    "code|sig|signature|key|apikey|accesskey|token|accesstoken|secret|clientsecret|sas|pwd|pass"
    "|passwd|password|credential|credentials|authorization"
)
_REFERENCE: Final = r"\{@Microsoft\.KeyVault\([^(){}]*\)\}"
# Azure fills these in; they are not keys.
_PLACEHOLDER: Final = re.compile(rf"(?:{_REFERENCE}|\{{(?:hub|category|event)\}})+")
_PARAMETER: Final = re.compile(
    rf"(?P<before>[?&;#](?P<name>(?:[\w.~-]*[_.~-])?(?:{_WORDS}))=)"
    rf"(?P<value>(?:{_REFERENCE}|[^&;#\s\"'<>\\])+)",
    re.IGNORECASE,
)
_USER: Final = re.compile(
    rf"(?P<before>(?P<name>://))(?P<value>(?:{_REFERENCE}|[^/?#@\s\"'<>\\])+)(?=@)"
)
_FINGERPRINT: Final = 8


def plain_text_keys(url_template: str) -> tuple[str, ...]:
    """Return where a URL template holds a key in clear text: parameter names, or `user`."""
    names = {"://": "user"}
    return tuple(
        names.get(match["name"], match["name"])
        for pattern in (_USER, _PARAMETER)
        for match in pattern.finditer(url_template)
        if not _PLACEHOLDER.fullmatch(match["value"])
    )


def redact(text: str) -> str:
    """Return `text` with the keys in its URLs redacted.

    Each is replaced by a fingerprint keyed with this installation's secret key, so that a change of
    a key is visible and the key is not.
    """
    return _PARAMETER.sub(_hide, _USER.sub(_hide, text))


def is_redacted(text: str) -> bool:
    """Return whether `text` has a redacted key."""
    return _HIDDEN.search(text) is not None


def redacted(value: Any) -> Any:
    """Return a JSON value with the keys in the URLs of all its strings redacted."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: redacted(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(each) for each in value]
    return value


def _hide(match: re.Match[str]) -> str:
    value = match["value"]
    if _PLACEHOLDER.fullmatch(value) or _HIDDEN.fullmatch(value):
        return match[0]
    fingerprint = salted_hmac(__name__, value, algorithm="sha256").hexdigest()[:_FINGERPRINT]
    return f"{match['before']}(hidden:{fingerprint})"


# What `redact` writes: redacting twice changes nothing more.
_HIDDEN: Final = re.compile(rf"\(hidden:[0-9a-f]{{{_FINGERPRINT}}}\)")
