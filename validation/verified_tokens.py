"""Verified tokens, remembered for a few minutes, so that the steady state does no RSA."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from validation.checks.structure import MAX_TOKEN_CHARACTERS
from validation.keys.jwks import SigningKey
from validation.keys.key_ring import KeyRing
from validation.policy import TokenPolicy
from validation.verdict import Verdict

MAX_AGE_SECONDS: Final = 5 * 60
# An instance sends the same token for hours, so this serves as many instances.
MAX_TOKENS: Final = 16_384

# The token's digest and the policy's fingerprint: where the policy changes, nothing is remembered.
_Key = tuple[bytes, str]


@dataclass(frozen=True, slots=True)
class _Remembered:
    verdict: Verdict
    signing_key: SigningKey
    until: float
    # One caller's change to a list of claims must not show up with another.
    is_copied: bool


class VerifiedTokens:
    """Accepted verdicts by the token's SHA-256 and the policy. Bounded: the least used goes first.

    Holds no token. Safe to use from any number of threads.
    """

    def __init__(self, max_tokens: int = MAX_TOKENS) -> None:
        self._max_tokens: Final = max_tokens
        self._remembered: OrderedDict[_Key, _Remembered] = OrderedDict()
        self._lock: Final = threading.Lock()

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._remembered)

    def find(self, token: str, policy: TokenPolicy, ring: KeyRing, now: float) -> Verdict | None:
        """Return the verdict that accepted the token, while its time and its signing key last."""
        if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
            return None
        key = _key(token, policy)
        with self._lock:
            remembered = self._remembered.get(key)
            if remembered is None:
                return None
            if now >= remembered.until or not _is_held(remembered.signing_key, ring):
                del self._remembered[key]
                return None
            self._remembered.move_to_end(key)
        return remembered.verdict.copied() if remembered.is_copied else remembered.verdict

    def add(self, token: str, policy: TokenPolicy, verdict: Verdict, now: float) -> None:
        """Remember a verdict that accepts the token; any other is not remembered."""
        if verdict.claims is None or verdict.key is None:
            return
        expires = verdict.claims["exp"]
        until = min(float(expires), now + MAX_AGE_SECONDS) if isinstance(expires, int) else now
        is_copied = verdict.has_nested_claims
        kept = (verdict.copied() if is_copied else verdict).without_checks()
        with self._lock:
            self._remembered[_key(token, policy)] = _Remembered(kept, verdict.key, until, is_copied)
            while len(self._remembered) > self._max_tokens:
                self._remembered.popitem(last=False)


def _key(token: str, policy: TokenPolicy) -> _Key:
    return sha256(token.encode("ascii")).digest(), policy.fingerprint


def _is_held(key: SigningKey, ring: KeyRing) -> bool:
    held = ring.peek(key.kid)
    return held is key or held == key
