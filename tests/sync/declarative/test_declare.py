from __future__ import annotations

from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from arm.instance_state import InstanceState
from identities.models import KeyVault, SignalRInstance, Subscription, UserAssignedIdentity
from sync.components.registry import REGISTRY
from sync.components.vault_names import named_vaults
from sync.declarative.apply_fleet import declare, preview
from sync.declarative.check_fleet import check
from sync.declarative.export import declare_all, selected_instances
from sync.declarative.fleet_yaml import read_documents, write_documents
from sync.desired.history import Author
from sync.desired.management_policy import Policy
from tests.sync.states import IDENTITY_IDS, observed_states

ADA = Author("ada", "apply a file")
SUBSCRIPTION_ID = "bbbbbbbb-0000-4000-8000-000000000009"


def exported() -> str:
    return write_documents(declare_all(selected_instances(), is_whole_fleet=True))


# --- any fleet at all ---

policies = st.sampled_from(Policy.values)
members = st.tuples(
    observed_states,
    policies,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "Standard_S1"]),
)
fleets = st.lists(members, max_size=4)


class TestAnyFleet(TestCase):
    """Any fleet that imports, operators and Azure may produce."""

    def setUp(self) -> None:
        tenant = SUBSCRIPTION_ID
        self.subscription, _ = Subscription.objects.get_or_create(pk=tenant, tenant_id=tenant)
        for arm_id in IDENTITY_IDS:
            UserAssignedIdentity.objects.get_or_create(arm_id=arm_id)

    def fill(self, fleet: list[tuple[InstanceState, str, bool, bool, str]]) -> None:
        for number, (state, policy, is_protected, is_granted, sku) in enumerate(fleet):
            names = named_vaults(state.templates)
            for name in names:
                vault = {"problem": "closed", "observed_at": "2026-01-01T00:00Z"}
                KeyVault.objects.get_or_create(name=name, defaults=vault)
            holder = state.identity.holder
            row = SignalRInstance.objects.create(
                name=f"Member-{number}",
                subscription=self.subscription,
                resource_group="rg",
                policy=policy,
                is_protected=is_protected,
                sku=sku,
                observed=InstanceState(state.identity, state.templates).to_json(),
                declined_grants=[[name, holder] for name in names if holder and not is_granted],
            )
            _accept([(row, state)])

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(fleets)
    def test_export_has_no_changes(self, fleet: list[Any]) -> None:
        self.fill(fleet)
        declared, faults = read_documents([("fleet.yaml", exported())])
        assert faults == []
        intents = check(declared)
        assert intents.is_empty
        assert all(each.is_empty for each in preview(intents, ADA))

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        fleets, st.lists(observed_states, min_size=4, max_size=4), st.sampled_from(Policy.values)
    )
    def test_export_restores_the_fleet_after_any_change(
        self, fleet: list[Any], others: list[InstanceState], policy: str
    ) -> None:
        self.fill(fleet)
        text = exported()
        _accept(list(zip(SignalRInstance.objects.with_desired(), others, strict=False)))
        SignalRInstance.objects.update(policy=policy, is_protected=True, declined_grants=[])
        declared, _ = read_documents([("fleet.yaml", text)])
        with transaction.atomic():
            declare(check(declared), ADA)
        assert exported() == text
        assert check(declared).is_empty


def _accept(accepted: list[tuple[SignalRInstance, InstanceState]]) -> None:
    for component in REGISTRY.declared:
        component.copy_observed(accepted)
