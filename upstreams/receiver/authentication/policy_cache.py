"""The policies of all instances, held in memory.

A server reads them in a background thread every `RECEIVER["POLICY_SECONDS"]`, and at once after a
row changed through a model in the same process: no request waits for the database. Other programs
read them when they ask. No process has to be notified, so that no message can be lost, and bulk
updates count as well.
"""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.db import Error as DatabaseProblem
from django.db import close_old_connections, connections

from upstreams.receiver.authentication.instance_policy import InstancePolicy
from upstreams.receiver.authentication.policy_rows import PolicySet, read_policies
from upstreams.receiver.configuration import configuration
from upstreams.receiver.protocol.refusals import ProofUnavailable, UnknownInstance

log = logging.getLogger(__name__)

# After a reading that failed.
_RETRY_SECONDS: Final = 1.0
# Policies that are new since the last time from which on they are kept from the garbage collector.
_MANY_NEW: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What was read: when the reading began, and how many changes it may include."""

    policies: PolicySet
    read_at: float
    version: int


class Policies:
    """The policies of all instances, read again after `seconds` or a change.

    While the database cannot be read, the last snapshot is used for `grace` seconds since it was
    read: an outage loses no request, and a policy that was withdrawn does not stay for ever.
    """

    def __init__(
        self, seconds: float, *, grace: float = 900.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._grace = grace
        self._clock = clock
        self._snapshot: _Snapshot | None = None
        self._version = 0
        # Of the last reading that failed, while the database cannot be read.
        self._failed_at: float | None = None
        self._changed = threading.Event()
        # Set after the thread's first attempt.
        self._has_read = threading.Event()
        self._thread: threading.Thread | None = None
        self._number_new = 0
        self._prepare_issuer: Callable[[str, str], object] | None = None

    def get(self, name: str) -> InstancePolicy:
        """Return the policy of the instance `name`, in any case.

        Reads the database where a reading is due and no thread does that. Raises UnknownInstance,
        and ProofUnavailable where no recent policies are held.
        """
        if self.is_due:
            self.refresh()
        snapshot = self._usable_snapshot()
        if snapshot is None:
            raise ProofUnavailable(
                "policy_unavailable", "The receiver cannot read its instances from the database."
            )
        policy = snapshot.policies.get(name)
        if policy is None:
            raise UnknownInstance("unknown_instance", "The receiver has no instance of this name.")
        return policy

    @property
    def is_available(self) -> bool:
        """Whether policies are held that are recent enough to be used."""
        return self._usable_snapshot() is not None

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants whose tokens the held policies can accept."""
        snapshot = self._usable_snapshot()
        return frozenset() if snapshot is None else snapshot.policies.tenants

    @property
    def is_due(self) -> bool:
        """Whether the caller has to read: no thread does, and what is held is old or changed."""
        return self._thread is None and self._is_old()

    def refresh(self) -> None:
        """Read the policies of all instances; where that fails, keep those that are held."""
        # The time before the queries: what changes while they run is read again in time.
        now, version = self._clock(), self._version
        known = self._snapshot.policies if self._snapshot is not None else PolicySet()
        try:
            read = read_policies(known)
        except DatabaseProblem as error:
            self._note_failure(now, error)
            return
        self._number_new += read.number_new if read is not known else 0
        self._snapshot = _Snapshot(read, now, version)
        self._note_success()

    def start(
        self,
        *,
        wait_seconds: float = 0.0,
        prepare_issuer: Callable[[str, str], object] | None = None,
    ) -> None:
        """Start the thread that reads, and wait up to `wait_seconds` for its first reading.

        After each reading `prepare_issuer` is called for every tenant with an identity and each
        issuer of its tokens; it must not block. A forked child must start its own thread.
        """
        if self._thread is None:
            self._prepare_issuer = prepare_issuer
            self._thread = threading.Thread(target=self._run, name="policies", daemon=True)
            self._thread.start()
        self._has_read.wait(wait_seconds)

    def note_change(self) -> None:
        """Read again as soon as possible, because a row changed."""
        self._version += 1
        self._failed_at = None
        self._changed.set()

    def forget(self) -> None:
        """Drop the policies."""
        self.note_change()
        self._snapshot = None

    def _usable_snapshot(self) -> _Snapshot | None:
        snapshot = self._snapshot
        if snapshot is None or self._clock() - snapshot.read_at > self._grace:
            return None
        return snapshot

    def _is_old(self) -> bool:
        now, failed_at, snapshot = self._clock(), self._failed_at, self._snapshot
        if failed_at is not None:
            return now - failed_at >= min(self._seconds, _RETRY_SECONDS)
        if snapshot is None or snapshot.version != self._version:
            return True
        return now - snapshot.read_at >= self._seconds

    def _run(self) -> None:
        while True:
            self._changed.clear()
            try:
                close_old_connections()
                self.refresh()
                self._exempt_from_collection()
                self._prepare_issuers()
            except Exception:
                # A defect: refresh() handles an unavailable database.
                log.exception("The receiver failed to update the policies of its instances.")
                connections.close_all()
            self._has_read.set()
            seconds = self._seconds if self._failed_at is None else _RETRY_SECONDS
            self._changed.wait(max(seconds, 0.01))

    def _exempt_from_collection(self) -> None:
        """Have the garbage collector skip what a large fleet's policies consist of.

        It would go through hundreds of thousands of objects that are not garbage, and all requests
        would wait. Objects are still freed once nothing refers to them.
        """
        if self._number_new >= _MANY_NEW:
            self._number_new = 0
            # What is garbage now would stay.
            gc.collect()
            gc.freeze()

    def _prepare_issuers(self) -> None:
        snapshot, prepare = self._snapshot, self._prepare_issuer
        if snapshot is not None and prepare is not None:
            for tenant_id, issuer in snapshot.policies.issuers:
                prepare(tenant_id, issuer)

    def _note_failure(self, now: float, error: Exception) -> None:
        # One line for an outage, not one for each attempt.
        if self._failed_at is None:
            log.error(
                "The instances cannot be read from the database (%s). The receiver continues with "
                "those in memory.",
                error,
            )
        self._failed_at = now

    def _note_success(self) -> None:
        if self._failed_at is not None:
            self._failed_at = None
            log.warning("The instances can be read from the database again.")


policies: Final = Policies(
    configuration().policy_seconds, grace=configuration().policy_grace_seconds
)
