"""The token inspector: every check of one token, as the receiver makes it.

The token is not logged, stored or returned.
"""

from __future__ import annotations

import json
import re
from typing import Final

from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.protocol.requests import Category, Route
from validation.checks.structure import MAX_TOKEN_CHARACTERS
from validation.configuration import validator
from validation.verdict import Verdict

# The longest text that is accepted: a token with what is copied with it.
MAX_PASTED_CHARACTERS: Final = MAX_TOKEN_CHARACTERS + 4096

# A token has none of these at its ends: white space, a byte order mark, quotes and separators.
_AROUND: Final = " \t\r\n\f\v\ufeff\u200b\u00a0\"'`\u201c\u201d\u2018\u2019,;\\"
_INVISIBLE: Final = re.compile(r"[\s\ufeff\u200b]+")
# `curl -H "Authorization: Bearer ..."`, `"Authorization": "Bearer ..."`, `Bearer ...`
_PREFIX: Final = re.compile(
    r"^(.{0,200}?authorization[\s\"']*[:=][\s\"']*)?bearer[\s:]+|^authorization[\s\"']*[:=]\s*",
    re.IGNORECASE | re.DOTALL,
)


def inspect_token(
    token: str, instance: str, *, hub: str, category: Category, event: str
) -> Verdict:
    """Return the verdict on `token` for an event of `instance`.

    `token` is as a person pastes it (see `pasted_token`). Raises UnknownInstance.
    """
    route = Route(hub=hub, category=category, event=event, connection_id="")
    accepted = policies.get(instance).token_policies(route)
    return validator().inspect(pasted_token(token), *accepted)


def pasted_token(text: str) -> str:
    """Return the token in a text that was pasted: a header, a quoted string, or `az`'s JSON.

    White space is removed from within the token, too: terminals and mail programs break its line.
    """
    bare = _of_json(text.strip(_AROUND)).strip(_AROUND)
    return _INVISIBLE.sub("", _PREFIX.sub("", bare).strip(_AROUND))


def _of_json(text: str) -> str:
    """Return the token in the answer of a token endpoint or of `az account get-access-token`."""
    if not text.startswith("{"):
        return text
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    found = (document.get(name) for name in ("accessToken", "access_token", "token"))
    return next((value for value in found if isinstance(value, str)), text)
