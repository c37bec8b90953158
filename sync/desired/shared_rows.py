"""The rows that a loop over instances needs, fetched for many of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from django.db.models import prefetch_related_objects

from identities.models import ManagedIdentity, SignalRInstance
from sync.components.component import SharedRows
from sync.components.function_app_targets import managed_apps
from sync.components.grants import known_vaults
from upstreams.models import TokenResource, UpstreamTemplate

_BATCH: Final = 500


def shared_rows() -> SharedRows:
    """Return the vaults, Function Apps and registrations, which all instances share."""
    apps = managed_apps()
    registrations = TokenResource.objects.used().registrations() if apps else {}
    return SharedRows(known_vaults(), apps, registrations)


def with_shared_rows(
    instances: Iterable[SignalRInstance],
) -> Iterator[tuple[SignalRInstance, SharedRows]]:
    """Yield each instance with the rows that it needs, templates and identity included.

    An instance that was removed since it was read is left out. Fetch many instances with
    `for_plans` and in chunks: only some of them and their rows are in memory at once.
    """
    shared, remaining = shared_rows(), iter(instances)
    while batch := list(islice(remaining, _BATCH)):
        keys = [each.pk for each in batch]
        templates = UpstreamTemplate.objects.states_of(keys)
        identities = ManagedIdentity.objects.states_of(keys)
        rows = replace(shared, templates=templates, identities=identities)
        if shared.apps:
            # What apps have to accept depends on the identity's IDs, and on the tenant.
            prefetch_related_objects(batch, "identity__user_assigned", "subscription")
        for instance in batch:
            # An instance that was removed since it was read has no identity.
            if instance.pk in identities:
                yield instance, rows
