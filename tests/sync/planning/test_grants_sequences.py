"""Any sequence of desired states: each apply reaches its own and changes nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from localazure import seed
from sync.desired.management_policy import Policy, set_policy
from sync.inventory.import_subscription import import_subscription
from sync.inventory.refresh import refresh
from sync.operations.plans.instance import plan_instance
from tests.cloud import LocalAzure
from tests.localazure.rest import Arm
from tests.sync.inventory.key_vault.test_grants import POLICIES, ROLES, document, stored, template
from tests.sync.worker import drive, start
from upstreams.url_templates.arm_json import load_templates

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Target:
    """An identity, and the vaults whose secrets the template names."""

    identity: str
    vaults: tuple[str, ...]


_vaults = st.sampled_from([(), (POLICIES,), (ROLES,), (POLICIES, ROLES)])
_identities = st.sampled_from(["SystemAssigned", seed.SHARED_IDENTITY, seed.ORDERS_IDENTITY])
targets = st.one_of(st.just(Target("None", ())), st.builds(Target, _identities, _vaults))


def set_target(instance: SignalRInstance, target: Target) -> SignalRInstance:
    """Set the desired state, and look up the vaults."""
    row = UserAssignedIdentity.objects.filter(name=target.identity).first()
    kind = ManagedIdentity.Type("UserAssigned" if row else target.identity)
    instance.identity.become(kind, row)
    load_templates(instance, [template(*target.vaults)])
    refresh(stored(instance))
    return stored(instance)


def others(arm: Arm) -> str:
    """Return as JSON the access policies that existed before."""
    policies: list[dict[str, Any]] = document(arm, POLICIES)["properties"]["accessPolicies"]
    return json.dumps(policies[:1])


@given(st.lists(targets, min_size=1, max_size=4))
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_sequence_of_desired_states_is_reached_without_changing_others(
    local_azure: LocalAzure, sequence: list[Target]
) -> None:
    local_azure.reset()
    arm = Arm(local_azure, seed.CLIENT_ID, seed.CLIENT_SECRET)
    SignalRInstance.objects.all().delete()
    import_subscription(seed.SUBSCRIPTION_ID)
    instance = stored(SignalRInstance.objects.get(name=seed.LAB))
    set_policy(instance, Policy.MANAGE, who="ada")
    before = others(arm)
    for target in sequence:
        instance = set_target(instance, target)
        if not plan_instance(instance).is_empty:
            operation = drive(start(instance))
            assert operation.state == "succeeded", operation.error_message
        assert plan_instance(stored(instance)).is_empty
        assert others(arm) == before
