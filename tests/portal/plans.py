"""Instances of Local Azure that have a plan."""

from __future__ import annotations

from typing import Any

from identities.models import SignalRInstance
from localazure import seed
from sync.operations.plans.instance import plan_instance
from tests.sync.worker import SIGNED, imported, set_desired


def changed_lab() -> SignalRInstance:
    """Return an instance whose desired state adds an identity and a template."""
    return set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)


def shown_plan(instance: SignalRInstance, **fields: Any) -> dict[str, Any]:
    """Return the form fields that apply the current plan."""
    fresh = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    return {"digest": plan_instance(fresh).digest, **fields}
