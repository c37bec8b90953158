"""The last net under the rule that no token and no secret reaches a log.

Nothing is meant to fall into it: no line of ours names one. It is for the lines of others, and for
what a traceback quotes.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "(hidden)"
# Each pattern's first group, where it has one, is kept.
_SECRETS: Final = (
    # A JSON Web Token: its header is an object, so it begins with '{"' in base64.
    re.compile(r"()\beyJ[\w-]{4,}\.[\w-]*(?:\.[\w-]*)*"),
    # A personal access token of ours. Its model is not there yet when logging begins.
    re.compile(r"()\bsmp_[\w-]{8,}"),
    re.compile(r"(\b(?:bearer|basic)\s+)[\w.~+/=-]{16,}", re.IGNORECASE),
    # An address's query: signatures of Azure's long-running operations, codes, access tokens.
    re.compile(r"(\b[a-z][a-z+.-]{1,9}://[^\s?#\"'<>]*\?)[^\s\"'<>]+", re.IGNORECASE),
    re.compile(
        r"((?:access_?token|id_?token|client_?secret|password|passwd|access_?key|sig|code)"
        r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;)}]{4,}",
        re.IGNORECASE,
    ),
    # Who signs in, where an address says so: postgres://user:password@host.
    re.compile(r"(\b[a-z][a-z+.-]{1,19}://[^\s/:@]*:)[^\s/@]+(?=@)", re.IGNORECASE),
)


def redacted(text: str) -> str:
    """Return `text` with `(hidden)` in the place of whatever looks like a token or a secret."""
    for pattern in _SECRETS:
        text = pattern.sub(rf"\1{HIDDEN}", text)
    return text
