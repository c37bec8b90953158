"""The whole of validation behind one method: keys, remembered tokens, checks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from validation.checks.sequence import validate
from validation.keys.key_ring import KeyRing
from validation.policy import TokenPolicy
from validation.verdict import Verdict
from validation.verified_tokens import VerifiedTokens

# Told of each token that was checked: how many seconds that took, and the verdict.
Observer = Callable[[float, Verdict], None]

# Keys belong to a tenant and an issuer: two policies of one tenant share them.
_Issuer = tuple[str, str, str]


class Validator:
    """Validates tokens. One for a process: it keeps a key ring for each issuer.

    `ring_for` makes the ring of a policy's issuer. `observe` is told of each token that had to be
    checked; of one that is remembered it is not.
    """

    def __init__(
        self,
        ring_for: Callable[[TokenPolicy], KeyRing],
        *,
        clock: Callable[[], float] = time.time,
        verified: VerifiedTokens | None = None,
        observe: Observer | None = None,
    ) -> None:
        self._ring_for: Final = ring_for
        self._clock: Final = clock
        self._verified: Final = verified if verified is not None else VerifiedTokens()
        self._observe: Final = observe
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
        verdict = self._checked(token, policy, ring, now)
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

    def rings(self) -> Mapping[str, KeyRing]:
        """Return the key rings in use, by their tenant; of two issuers of one, the latest used."""
        return {tenant_id: ring for (tenant_id, _, _), ring in list(self._rings.items())}

    def _checked(self, token: str, policy: TokenPolicy, ring: KeyRing, now: float) -> Verdict:
        if self._observe is None:
            return validate(token, policy, ring, now)
        began = time.perf_counter()
        verdict = validate(token, policy, ring, now)
        self._observe(time.perf_counter() - began, verdict)
        return verdict
