"""Validates access tokens: signing keys, verified tokens, checks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from validation.checks.sequence import validate
from validation.errors import Reason
from validation.keys.key_ring import KeyRing, Reading
from validation.policy import TokenPolicy
from validation.verdict import Verdict
from validation.verified_tokens import VerifiedTokens

# Called for each token that was checked: the seconds it took, and the verdict.
Observer = Callable[[float, Verdict], None]

# Keys belong to a tenant and an issuer: two policies of one tenant share them.
_Issuer = tuple[str, str, str]
# Signatures that are checked each second although the claims do not match the policy: enough for
# the logs and counts to say that Entra issued such tokens, too few to be worth an attack.
_MISMATCHES_A_SECOND: Final = 5
# Requests that wait at once for keys to be read.
_MAX_WAITING: Final = 256


class _Timed(NamedTuple):
    """A verdict, and how long the checks took."""

    verdict: Verdict
    seconds: float


class Validator:
    """Validates tokens. One for a process: it keeps a key ring for each issuer.

    `ring_for` creates the key ring of a policy's issuer. `observe` is called for each token that
    had to be checked, and not for one that was verified before.
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
        self._waiting = 0
        # The second in which mismatches were last verified, and how many were.
        self._verified_mismatches = (0, 0)

    def verdict(self, token: str, *policies: TokenPolicy) -> Verdict:
        """Return the verdict on a token, waiting for keys to be read where that may change it.

        Of several policies, each for another issuer, that of the token's issuer decides; the last
        one for a token of any other issuer.
        """
        remembered = self.remembered(token, *policies)
        if remembered is not None:
            return remembered
        timed, policy = self._first(token, policies, None)
        reading = self._reading(timed.verdict, policy)
        if reading is not None:
            reading.wait()
            return self._check_again(token, policy, None)
        return self._observed(timed)

    def remembered(self, token: str, *policies: TokenPolicy) -> Verdict | None:
        """Return the verdict on a token that one of the policies accepted before. Never waits."""
        now = self._clock()
        for policy in policies:
            ring = self.ring(policy)
            ring.refresh_if_due()
            verdict = self._verified.find(token, policy, ring, now)
            if verdict is not None:
                return verdict
        return None

    def inspect(self, token: str, *policies: TokenPolicy) -> Verdict:
        """Return the verdict with every check, though the token was verified before.

        It is neither remembered nor observed. Of several policies, as in `verdict`.
        """
        *others, policy = policies
        for other in others:
            verdict = self._inspect(token, other)
            if verdict.reason is not Reason.WRONG_ISSUER:
                return verdict
        return self._inspect(token, policy)

    def _inspect(self, token: str, policy: TokenPolicy) -> Verdict:
        ring = self.ring(policy)
        verdict = validate(token, policy, ring, self._clock())
        reading = self._reading(verdict, policy)
        if reading is not None:
            reading.wait()
            verdict = validate(token, policy, ring, self._clock())
        return verdict

    async def averdict(self, token: str, *policies: TokenPolicy) -> Verdict:
        """Return the verdict without blocking the event loop.

        A token whose claims do not match the policy is refused before its signature is checked. At
        most a few hundred requests wait for keys at once; the others are refused at once.
        """
        remembered = self.remembered(token, *policies)
        if remembered is not None:
            return remembered
        timed, policy = self._first(token, policies, self._may_verify_mismatch)
        if timed.verdict.missing_key and self._waiting < _MAX_WAITING:
            reading = self._reading(timed.verdict, policy)
            if reading is not None:
                self._waiting += 1
                try:
                    await reading.awaited()
                finally:
                    self._waiting -= 1
                return self._check_again(token, policy, self._may_verify_mismatch)
        return self._observed(timed)

    def ring(self, policy: TokenPolicy) -> KeyRing:
        """Return the key ring of the policy's issuer; policies come from configuration only."""
        issuer = (policy.tenant_id, policy.issuer, policy.version)
        ring = self._rings.get(issuer)
        if ring is None:
            with self._lock:
                ring = self._rings.setdefault(issuer, self._ring_for(policy))
        return ring

    def rings(self) -> Mapping[str, KeyRing]:
        """Return the key rings in use by tenant; of two issuers of one tenant, the last used."""
        return {tenant_id: ring for (tenant_id, _, _), ring in list(self._rings.items())}

    def _first(
        self,
        token: str,
        policies: tuple[TokenPolicy, ...],
        may_verify: Callable[[], bool] | None,
    ) -> tuple[_Timed, TokenPolicy]:
        """Return the verdict by the policy of the token's issuer, and that policy."""
        for policy in policies[:-1]:
            timed = self._check(token, policy, may_verify)
            if timed.verdict.reason is not Reason.WRONG_ISSUER:
                return timed, policy
        return self._check(token, policies[-1], may_verify), policies[-1]

    def _check(
        self, token: str, policy: TokenPolicy, may_verify: Callable[[], bool] | None
    ) -> _Timed:
        now = self._clock()
        began = time.perf_counter()
        verdict = validate(token, policy, self.ring(policy), now, may_verify_mismatch=may_verify)
        seconds = time.perf_counter() - began
        self._verified.add(token, policy, verdict, now)
        return _Timed(verdict, seconds)

    def _check_again(
        self, token: str, policy: TokenPolicy, may_verify: Callable[[], bool] | None
    ) -> Verdict:
        """Return the verdict after keys were read. Others may have waited with the same token."""
        remembered = self.remembered(token, policy)
        if remembered is not None:
            return remembered
        return self._observed(self._check(token, policy, may_verify))

    def _observed(self, timed: _Timed) -> Verdict:
        if self._observe is not None:
            self._observe(timed.seconds, timed.verdict)
        return timed.verdict

    def _reading(self, verdict: Verdict, policy: TokenPolicy) -> Reading | None:
        return self.ring(policy).request(verdict.missing_key) if verdict.missing_key else None

    def _may_verify_mismatch(self) -> bool:
        second, number = self._verified_mismatches
        now = int(self._clock())
        number = number + 1 if now == second else 1
        self._verified_mismatches = (now, number)
        return number <= _MISMATCHES_A_SECOND
