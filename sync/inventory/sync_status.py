"""How an instance stands: what is wanted of it against what Azure last answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import models

from identities.models import KeyVault, SignalRInstance
from sync.desired.state import desired_state, observed_state
from sync.planning.components import is_in_sync
from upstreams.models import FunctionApp


class SyncStatus(models.TextChoices):
    """Argo CD's words, for the same question."""

    SYNCED = "Synced", "Synced"
    OUT_OF_SYNC = "OutOfSync", "Out of sync"
    MISSING = "Missing", "Missing"
    UNKNOWN = "Unknown", "Unknown"


def sync_status(
    instance: SignalRInstance,
    vaults: Mapping[str, KeyVault] | None = None,
    apps: Collection[FunctionApp] | None = None,
) -> SyncStatus:
    """Return how `instance` stands as of its last answer; asks Azure nothing.

    `vaults` and `apps` as in `desired_state`.
    """
    observed = observed_state(instance, apps)
    if observed is None:
        return SyncStatus.MISSING if instance.missing_since else SyncStatus.UNKNOWN
    agrees = is_in_sync(desired_state(instance, vaults, apps), observed)
    return SyncStatus.SYNCED if agrees else SyncStatus.OUT_OF_SYNC
