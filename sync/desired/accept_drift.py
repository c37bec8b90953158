"""Drift that is welcome: wanting what Azure has, all of it or change by change."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from identities.models import SignalRInstance
from sync.desired.history import Author, want_state
from sync.desired.state import desired_state, observed_state
from sync.errors import NeverRead
from sync.inventory.function_apps import leave_alone
from sync.inventory.vault_grants import take_over_lacking
from sync.planning.changes import Change
from sync.planning.errors import SyncError
from sync.planning.partial_plan import differences, leave
from sync.planning.plan import problems


class NotAcceptable(SyncError):
    """What was chosen could not work with the rest of what is wanted."""


def accept(
    instance: SignalRInstance, paths: Collection[str] = (), *, who: str, comment: str = ""
) -> tuple[Change, ...]:
    """Want what Azure last answered at these paths of the plan's changes; without paths, all of it.

    Returns the changes that an apply would make no more. Asks Azure nothing and sends it nothing.
    Raises NeverRead, NoSuchChange, NotAcceptable.
    """
    with transaction.atomic():
        # What is not accepted stays as it is wanted when this is written, not as it was shown.
        SignalRInstance.objects.select_for_update().get(pk=instance.pk)
        row = SignalRInstance.objects.with_desired().get(pk=instance.pk)
        return _accept(row, paths, Author(who, "accept", comment))


def _accept(
    instance: SignalRInstance, paths: Collection[str], author: Author
) -> tuple[Change, ...]:
    observed, desired = observed_state(instance), desired_state(instance)
    if observed is None or observed.existence is None:
        raise NeverRead(
            f"{instance}: Azure has no such instance, as far as is known; refresh it, or take it "
            f"out of Signalman by `manage.py remove_instance {instance}`."
        )
    wanted = leave(observed, desired, paths) if paths else observed
    if wanted != observed and (found := problems(wanted)):
        raise NotAcceptable(f"{instance}: with that accepted, {' '.join(found)}")
    before = differences(observed, desired)
    want_state(instance, wanted, author)
    take_over_lacking(instance, wanted, who=author.who)
    leave_alone(desired, wanted, who=author.who)
    remaining = differences(observed, wanted)
    return tuple(change for change in before if change not in remaining)
