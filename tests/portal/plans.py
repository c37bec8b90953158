"""Instances of Local Azure's fleet, as pages about plans and operations need them."""

from __future__ import annotations

from typing import Any

from identities.models import SignalRInstance
from localazure import seed
from sync.operations.instance_plan import plan_instance
from tests.sync.driving import SIGNED, imported, want


def changed_lab() -> SignalRInstance:
    """Return an instance that has nothing set, of which an identity and a template are wanted."""
    return want(imported(seed.LAB), "SystemAssigned", SIGNED)


def shown_plan(instance: SignalRInstance, **fields: Any) -> dict[str, Any]:
    """Return the fields of the form that applies the plan as it is now."""
    fresh = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    return {"digest": plan_instance(fresh).digest, **fields}
