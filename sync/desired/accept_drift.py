"""Accepting drift: Azure's current state becomes the desired one, as a whole or by change."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from identities.models import SignalRInstance
from sync.components.registry import REGISTRY
from sync.desired.history import Author, set_desired_state
from sync.desired.state import desired_state, observed_state
from sync.errors import NeverRead
from sync.planning.changes import Change
from sync.planning.errors import SyncError


class NotAcceptable(SyncError):
    """The selected changes are not valid together with the rest of the desired state."""


def accept(
    instance: SignalRInstance, paths: Collection[str] = (), *, who: str, comment: str = ""
) -> tuple[Change, ...]:
    """Desire what Azure last answered, at these paths of the plan's changes or, by default, at all.

    Returns the changes that an apply no longer makes. Sends no request to Azure. Raises NeverRead,
    NoSuchChange and NotAcceptable.
    """
    with transaction.atomic():
        # What is not accepted stays as it is now, not as it was when the plan was shown.
        SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        row = SignalRInstance.objects.with_desired().get(pk=instance.pk)
        return _accept(row, paths, Author(who, "accept", comment))


def _accept(
    instance: SignalRInstance, paths: Collection[str], author: Author
) -> tuple[Change, ...]:
    observed, desired = observed_state(instance), desired_state(instance)
    if observed is None or observed.existence is None:
        raise NeverRead(
            f"{instance} does not exist in Azure, as far as Signalman knows. Refresh it, or remove "
            f"it from Signalman: `manage.py remove_instance {instance}`."
        )
    accepted = REGISTRY.leave(observed, desired, paths) if paths else observed
    if accepted != observed and (found := REGISTRY.problems(accepted)):
        raise NotAcceptable(f"{instance}: if this is accepted, {' '.join(found)}")
    before = REGISTRY.differences(observed, desired)
    set_desired_state(instance, accepted, author)
    for component in REGISTRY:
        component.accept(instance, desired, accepted, who=author.who)
    remaining = REGISTRY.differences(observed, accepted)
    return tuple(change for change in before if change not in remaining)
