"""The X-ASRS-Signature header: proof that the sender holds one of the instance's access keys.

It covers the connection id and nothing else, so that it can be replayed for any event of that
connection: it adds to the token and never replaces it. Source: Azure SignalR Service, "Upstream
endpoints", `Hex_encoded(HMAC_SHA256(accessKey, connection-id))`, one entry a key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

_PREFIX: Final = "sha256="
# One entry for each key, and an instance has two keys.
_MOST_ENTRIES: Final = 4


def sign(access_key: str, connection_id: str) -> str:
    """Return one entry of the header, `sha256=` and lower-case hexadecimal digits."""
    digest = hmac.new(access_key.encode(), connection_id.encode(), hashlib.sha256)
    return _PREFIX + digest.hexdigest()


def is_signed(header: str, connection_id: str, access_keys: Iterable[str]) -> bool:
    """Return whether an entry of `header` was made with one of `access_keys`.

    Every entry is compared with every key, each in constant time; hexadecimal digits may be of
    either case and entries may have spaces around them. Returns False without keys or entries.
    """
    entries = [entry.strip().lower() for entry in header.split(",")][:_MOST_ENTRIES]
    expected = [sign(key, connection_id) for key in access_keys if key]
    found = False
    for entry in entries:
        for signature in expected:
            found |= hmac.compare_digest(entry.encode(), signature.encode())
    return found
