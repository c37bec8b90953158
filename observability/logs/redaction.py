"""Redaction of tokens and secrets in log lines.

Signalman's own lines contain none: this is for the lines of libraries, and for tracebacks.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "(hidden)"
# The beginning of a URL of any scheme.
_SCHEME: Final = r"\b[a-z][a-z+.-]{1,19}://"
# Words, one of which a text must contain to be searched, and the pattern, whose first group is
# kept. Lengths are bounded, so that no text takes long.
_SECRETS: Final = (
    # A JSON Web Token: its header is an object, so it begins with '{"' in base64.
    (("eyj",), re.compile(r"()\beyJ[\w-]{4,1024}\.[\w-]*(?:\.[\w-]*)*")),
    # A personal access token. Logging is configured before models are loaded.
    (("smp_",), re.compile(r"()\bsmp_[\w-]{8,}")),
    (("bearer", "basic"), re.compile(r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{16,}", re.IGNORECASE)),
    # An address's query: signatures of Azure's long-running operations, codes, access tokens.
    (("://",), re.compile(rf"({_SCHEME}[^\s?#\"'<>]{{0,1024}}\?)[^\s\"'<>]+", re.IGNORECASE)),
    # Credentials in a URL: postgres://user:password@host.
    (("://",), re.compile(rf"({_SCHEME}[^\s/:@]{{0,256}}:)[^\s/@]+(?=@)", re.IGNORECASE)),
    (
        ("token", "secret", "passw", "key", "sig", "code"),
        re.compile(
            r"((?:access_?token|id_?token|client_?secret|password|passwd|access_?key|sig|code)"
            r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;)}]{4,}",
            re.IGNORECASE,
        ),
    ),
)


def redacted(text: str) -> str:
    """Return `text` with `(hidden)` in place of whatever looks like a token or a secret."""
    found = text.lower()
    for words, pattern in _SECRETS:
        if any(word in found for word in words):
            text = pattern.sub(rf"\1{HIDDEN}", text)
    return text


def database_unusable(error: Exception) -> str:
    """Return in one line that the database cannot be used, and why."""
    reason = redacted(str(error)).strip().partition("\n")[0]
    return f"The database of SIGNALMAN_DATABASE_URL cannot be used: {reason}"
