"""A secret in the receiver's URL, which a URL template contains as a Key Vault reference.

Only a salted digest is stored. The service reads a changed secret within thirty minutes
(Azure SignalR Service, "Upstream endpoints"), so the previous one is accepted beside it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from upstreams.receiver.protocol.refusals import ProofMissing

# A shorter one could be guessed.
SHORTEST: Final = 16
LONGEST: Final = 1024
_QUERY: Final = "QUERY_STRING"
_SALT_BYTES: Final = 16
# Segments of a path that are compared at most.
_MOST_SEGMENTS: Final = 16


@dataclass(frozen=True, slots=True)
class UrlSecrets:
    """The secrets of one instance, any of which is accepted in the URL.

    `digests` are what is stored of them. `parameter` is the query parameter that holds the secret;
    it is empty where a segment of the path does.
    """

    digests: tuple[str, ...]
    parameter: str

    def check(self, headers: Mapping[str, Any], rest: str) -> None:
        """Raise ProofMissing unless the URL holds the secret.

        `rest` is the part of the path after the instance's name.
        """
        if self.parameter:
            found = from_query(headers.get(_QUERY) or "", self.parameter)
        else:
            found = from_path(rest)
        if not found:
            raise ProofMissing("url_secret_missing", "The URL contains no secret.")
        if not is_one_of(found, self.digests):
            raise ProofMissing("url_secret_wrong", "The secret in the URL is wrong.")


def digest(secret: str, salt: bytes | None = None) -> str:
    """Return the digest to store for a secret: the salt and HMAC-SHA256, in hexadecimal digits."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    return f"{salt.hex()}${hmac.new(salt, secret.encode(), hashlib.sha256).hexdigest()}"


def is_one_of(candidates: Iterable[str], digests: Iterable[str]) -> bool:
    """Return whether one of `candidates` is the secret of one of `digests`.

    Every pair is compared, each in constant time.
    """
    kept = [(bytes.fromhex(each.partition("$")[0]), each) for each in digests if each]
    found = False
    for candidate in candidates:
        for salt, expected in kept:
            found |= hmac.compare_digest(digest(candidate, salt), expected)
    return found


def from_query(query: str, parameter: str) -> frozenset[str]:
    """Return the spellings of a raw query's `parameter`: none unless it occurs exactly once.

    Whether the service escapes a secret that it fills in is not documented: as it stands, with
    escapes undone, and with `+` as a space are all tried.
    """
    pairs = (pair.partition("=") for pair in query.split("&"))
    values = [value for name, _, value in pairs if unquote_plus(name) == parameter]
    if len(values) != 1 or not 0 < len(values[0]) <= LONGEST:
        return frozenset()
    return frozenset({values[0], unquote(values[0]), unquote_plus(values[0])})


def from_path(rest: str) -> frozenset[str]:
    """Return the segments of what follows the instance's name in a decoded path."""
    segments = rest.split("/")[:_MOST_SEGMENTS]
    return frozenset(each for each in segments if 0 < len(each) <= LONGEST)
