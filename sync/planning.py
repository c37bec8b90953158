"""The plan of an instance, from its rows: what they want against what Azure last answered."""

from __future__ import annotations

from identities.models import SignalRInstance
from sync.desired import desired_state, observed_state
from sync.errors import NeverRead
from sync.plan import Plan, plan


def plan_instance(instance: SignalRInstance) -> Plan:
    """Return the plan for `instance`, without asking Azure and without writing anything.

    Raises NeverRead where there is no answer of Azure's to compare with, and InvalidDesired where
    what is wanted cannot work.
    """
    observed = observed_state(instance)
    if observed is None:
        why = "has no such instance" if instance.missing_since else "was not read yet"
        raise NeverRead(f"{instance}: Azure {why}. Import it again, then plan.")
    return plan(desired_state(instance), observed, instance=instance.name)
