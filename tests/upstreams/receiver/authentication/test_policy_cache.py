"""Policies in memory, and when changed rows take effect."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from arm.instance_state import InstanceState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from tests.registrations import register
from tests.upstreams.receiver.authentication.instances import (
    CLIENT,
    ECHO,
    OTHER_PRINCIPAL,
    PRINCIPAL,
    V2_ISSUER,
    Clock,
    audiences,
    policy_of,
    signed,
    user_assigned,
    want,
)
from upstreams.models import RequestRequirements, UpstreamTemplate
from upstreams.receiver.authentication import policy_cache as module
from upstreams.receiver.authentication.policy_cache import Policies, policies
from upstreams.receiver.authentication.policy_rows import PolicySet, read_policies
from upstreams.receiver.protocol.refusals import UnknownInstance
from validation.policy import V1_ISSUER

pytestmark = pytest.mark.django_db


def test_applies_change_at_once_in_same_process(
    instance: SignalRInstance,
) -> None:
    want(instance, "api://old")
    assert audiences(instance) == {"api://old"}
    template = UpstreamTemplate.objects.get()
    template.resource = "api://new"
    template.save()
    assert audiences(instance) == {"api://new"}


def test_applies_change_in_other_processes_in_time(instance: SignalRInstance) -> None:
    want(instance, "api://old")
    clock = Clock()
    elsewhere = Policies(5, clock=clock)
    assert "api://old" in elsewhere.get(instance.name).audiences(ECHO)
    UpstreamTemplate.objects.update(resource="api://new")
    clock.now += 4.9
    assert "api://old" in elsewhere.get(instance.name).audiences(ECHO)
    clock.now += 0.1
    assert elsewhere.get(instance.name).audiences(ECHO) == {"api://new", "api://new/"}


def meanwhile(patch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Let another thread make `change` once, after rows were read and before they are used."""
    changes = [change]

    def interrupted(known: PolicySet) -> PolicySet:
        read = read_policies(known)
        if changes:
            changes.pop()()
        return read

    patch.setattr(module, "read_policies", interrupted)


def test_reads_again_where_a_row_changed_during_a_reading(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(instance, "api://old")
    template = UpstreamTemplate.objects.get()
    template.resource = "api://new"
    policies.forget()
    meanwhile(monkeypatch, template.save)
    assert audiences(instance) == {"api://old"}
    assert audiences(instance) == {"api://new"}


def test_reads_again_where_an_instance_was_added_during_a_reading(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = SignalRInstance(name="contoso-new", subscription=instance.subscription)
    policies.forget()
    meanwhile(monkeypatch, new.save)
    with pytest.raises(UnknownInstance):
        policies.get("contoso-new")
    assert policies.get("contoso-new").pk == new.pk


def test_reads_again_where_an_instance_was_deleted_during_a_reading(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.forget()
    meanwhile(monkeypatch, SignalRInstance.objects.get().delete)
    policies.get(instance.name)
    with pytest.raises(UnknownInstance):
        policies.get(instance.name)


def test_reuses_the_policies_of_rows_that_have_not_changed(instance: SignalRInstance) -> None:
    other = SignalRInstance.objects.create(name="other", subscription=instance.subscription)
    want(instance, "api://old")
    want(other, "api://other")
    before = policies.get(instance.name), policies.get(other.name)
    UpstreamTemplate.objects.filter(instance=instance).update(resource="api://new")
    policies.note_change()
    after = policies.get(instance.name), policies.get(other.name)
    assert after[0].audiences(ECHO) == {"api://new", "api://new/"}
    assert after[1] is before[1]


def test_unchanged_rows_are_what_was_read_before(instance: SignalRInstance) -> None:
    want(instance)
    known = read_policies(PolicySet())
    assert read_policies(known) is known


def test_reads_fleet_in_constant_number_of_queries(
    instance: SignalRInstance, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rows = SignalRInstance.objects.bulk_create(
        SignalRInstance(name=f"contoso-{number}", subscription=instance.subscription)
        for number in range(1_200)
    )
    ManagedIdentity.objects.bulk_create(ManagedIdentity(instance=row) for row in rows)
    known = read_policies(PolicySet())
    assert len(known.policies) == 1_201
    with django_assert_num_queries(4):
        assert read_policies(known) is known


def test_rebuilds_only_what_refers_to_a_changed_identity(instance: SignalRInstance) -> None:
    SignalRInstance.objects.create(name="other", subscription=instance.subscription)
    identity = user_assigned(principal_id=PRINCIPAL)
    ManagedIdentity.objects.filter(instance=instance).update(
        user_assigned=identity, type="UserAssigned"
    )
    before = read_policies(PolicySet())
    UserAssignedIdentity.objects.update(principal_id=OTHER_PRINCIPAL, client_id=CLIENT)
    after = read_policies(before)
    policy = after.policies[instance.name.lower()]
    assert policy.principal_ids == {str(OTHER_PRINCIPAL)}
    assert policy.client_ids == {str(CLIENT)}
    assert after.policies["other"] is before.policies["other"]
    assert after.policies == read_policies(PolicySet()).policies


CHANGES: dict[str, Callable[[SignalRInstance], object]] = {
    "name": lambda row: SignalRInstance.objects.update(name="renamed"),
    "resource group": lambda row: SignalRInstance.objects.update(resource_group="other"),
    "tenant": lambda row: type(row.subscription).objects.update(tenant_id=PRINCIPAL),
    "observed": lambda row: SignalRInstance.objects.update(
        observed=InstanceState(templates=(signed("api://observed"),)).to_json()
    ),
    "principal": lambda row: ManagedIdentity.objects.update(principal_id=PRINCIPAL),
    "user-assigned": lambda row: ManagedIdentity.objects.update(
        user_assigned=user_assigned(principal_id=OTHER_PRINCIPAL), type="UserAssigned"
    ),
    "client ID": lambda row: ManagedIdentity.objects.update(
        principal_id=user_assigned(principal_id=PRINCIPAL, client_id=CLIENT).principal_id
    ),
    "registration": lambda row: register(row, "api://chat", version=2),
    "hub pattern": lambda row: UpstreamTemplate.objects.update(hub_pattern="game"),
    "auth": lambda row: UpstreamTemplate.objects.update(auth_type="None", resource=""),
    "URL": lambda row: UpstreamTemplate.objects.update(url_template="https://b.example.com/"),
    "requirements": lambda row: RequestRequirements.objects.create(instance=row, signature=True),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_notices_each_change_of_a_row(
    instance: SignalRInstance, change: Callable[[SignalRInstance], object]
) -> None:
    want(instance)
    before = read_policies(PolicySet())
    change(instance)
    after = read_policies(before)
    assert after.policies != before.policies
    assert after.policies == read_policies(PolicySet()).policies


def test_a_thread_reads_in_the_background(instance: SignalRInstance) -> None:
    elsewhere = Policies(0.01)
    read = threading.Event()
    elsewhere.refresh = read.set  # type: ignore[method-assign]
    elsewhere.start()
    assert read.wait(30)
    assert not elsewhere.is_due


def test_collector_skips_policies_of_large_fleet(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, prepared = Policies(0.01), threading.Event()
    monkeypatch.setattr(module, "_MANY_NEW", 1)
    elsewhere.refresh()
    # Not monkeypatch, which would undo this while the thread runs.
    elsewhere.refresh = int  # type: ignore[method-assign,assignment]
    elsewhere._prepare_issuers = prepared.set  # type: ignore[method-assign]  # noqa: SLF001
    gc.unfreeze()
    try:
        elsewhere.start()
        assert prepared.wait(30)
        assert gc.get_freeze_count() > 0
        assert not any(each is elsewhere.get(instance.name) for each in gc.get_objects())
    finally:
        gc.unfreeze()


def test_prepares_issuers_of_tenants_with_an_identity(instance: SignalRInstance) -> None:
    assert read_policies(PolicySet()).issuers == frozenset()
    ManagedIdentity.objects.filter(instance=instance).update(principal_id=PRINCIPAL)
    want(instance)
    register(instance, "api://chat", version=2)
    elsewhere, prepared = Policies(0.01), threading.Event()
    elsewhere.refresh()
    elsewhere.refresh = int  # type: ignore[method-assign,assignment]
    issuers: set[tuple[str, str]] = set()

    def prepare(tenant_id: str, issuer: str) -> None:
        issuers.add((tenant_id, issuer))
        if len(issuers) > 1:
            prepared.set()

    elsewhere.start(prepare_issuer=prepare)
    assert prepared.wait(30)
    tenant = str(instance.subscription.tenant_id)
    assert issuers == {(tenant, V1_ISSUER), (tenant, V2_ISSUER)}


def test_forgets_deleted_instance_in_time(
    instance: SignalRInstance,
) -> None:
    clock = Clock()
    elsewhere = Policies(5, clock=clock)
    elsewhere.get(instance.name)
    SignalRInstance.objects.filter(pk=instance.pk).delete()
    clock.now += 5
    with pytest.raises(UnknownInstance):
        elsewhere.get(instance.name)


def test_notices_new_instance_in_time(instance: SignalRInstance) -> None:
    clock = Clock()
    elsewhere = Policies(5, clock=clock)
    with pytest.raises(UnknownInstance):
        elsewhere.get("contoso-new")
    SignalRInstance.objects.create(
        name="Contoso-New", subscription=instance.subscription, resource_group="contoso"
    )
    clock.now += 5
    assert elsewhere.get("contoso-new").name == "Contoso-New"


def test_finds_names_in_any_case(instance: SignalRInstance) -> None:
    assert policies.get(instance.name.upper()).pk == instance.pk


def test_repeated_lookup_costs_no_query(
    instance: SignalRInstance, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    want(instance)
    policy = policy_of(instance)
    with django_assert_num_queries(0):
        assert policy_of(instance) is policy
        for name in ("invented", "invented-too"):
            with pytest.raises(UnknownInstance):
                policies.get(name)
