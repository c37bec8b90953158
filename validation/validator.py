"""The whole of validation behind one method: keys, remembered tokens, checks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from validation.checks import validate
from validation.keys import KeyRing
from validation.policy import TokenPolicy
from validation.verdict import Verdict
from validation.verified_tokens import VerifiedTokens

# Keys belong to a tenant and an issuer: two policies of one tenant share them.
_Issuer = tuple[str, str, str]


class Validator:
    """Validates tokens. One for a process: it keeps a key ring for each issuer.

    `ring_for` makes the ring of a policy's issuer.
    """

    def __init__(
        self,
        ring_for: Callable[[TokenPolicy], KeyRing],
        *,
        clock: Callable[[], float] = time.time,
        verified: VerifiedTokens | None = None,
    ) -> None:
        self._ring_for: Final = ring_for
        self._clock: Final = clock
        self._verified: Final = verified if verified is not None else VerifiedTokens()
        self._rings: dict[_Issuer, KeyRing] = {}
        self._lock: Final = threading.Lock()

    def verdict(self, token: str, policy: TokenPolicy) -> Verdict:
        """Return the verdict on a token; one that was accepted lately costs a hash and no more."""
        ring = self.ring(policy)
        ring.tend()
        now = self._clock()
        remembered = self._verified.find(token, policy, ring, now)
        if remembered is not None:
            return remembered
        verdict = validate(token, policy, ring, now)
        self._verified.add(token, policy, verdict, now)
        return verdict

    def ring(self, policy: TokenPolicy) -> KeyRing:
        """Return the key ring of the policy's issuer; policies come from configuration only."""
        issuer = (policy.tenant_id, policy.issuer, policy.version)
        ring = self._rings.get(issuer)
        if ring is None:
            with self._lock:
                ring = self._rings.setdefault(issuer, self._ring_for(policy))
        return ring
