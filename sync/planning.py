"""The plan of an instance, from its rows: what they want against what Azure last answered."""

from __future__ import annotations

from collections.abc import Collection

from identities.models import SignalRInstance
from sync.choosing import take
from sync.desired import desired_state, observed_state
from sync.errors import NeverRead
from sync.plan import Plan, plan


def plan_instance(instance: SignalRInstance, paths: Collection[str] = ()) -> Plan:
    """Return the plan for `instance`, without asking Azure and without writing anything.

    With `paths`, it holds only the changes that have these, and those that must go with them.
    Raises NeverRead where there is no answer of Azure's to compare with, NoSuchChange for a path at
    which nothing differs, and InvalidDesired where what is wanted cannot work.
    """
    observed = observed_state(instance)
    if observed is None:
        why = "has no such instance" if instance.missing_since else "was not read yet"
        raise NeverRead(f"{instance}: Azure {why}. Import it again, then plan.")
    desired = desired_state(instance)
    wanted = take(observed, desired, paths) if paths else desired
    return plan(wanted, observed, instance=instance.name)
