"""What each instance's requests must prove, and when a changed row counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from arm.state import InstanceState, TemplateState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from upstreams.models import RequestRequirements, UpstreamTemplate
from upstreams.receiver.authentication import policies as module
from upstreams.receiver.authentication.policies import Policies, policies
from upstreams.receiver.authentication.policy_rows import PolicySet, read_policies
from upstreams.receiver.protocol.errors import UnknownInstance
from upstreams.receiver.protocol.requests import Route
from validation.policy import TokenPolicy

pytestmark = pytest.mark.django_db

ECHO = Route("chat", "messages", "echo", "c-1")
PRINCIPAL = UUID("cccccccc-0000-4000-8000-000000000001")
OTHER_PRINCIPAL = UUID("cccccccc-0000-4000-8000-000000000002")
CLIENT = UUID("dddddddd-0000-4000-8000-000000000001")
BORROWED = (
    "/subscriptions/bbbbbbbb-0000-4000-8000-00000000bbbb/resourceGroups/contoso"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/borrowed"
)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def want(instance: SignalRInstance, resource: str = "api://chat", **fields: object) -> None:
    UpstreamTemplate.objects.create(
        instance=instance,
        url_template="https://a.example.com/",
        auth_type="ManagedIdentity" if resource else "None",
        resource=resource,
        **fields,
    )


def observe(instance: SignalRInstance, *templates: TemplateState) -> None:
    instance.observed = InstanceState(templates=templates).to_json()
    instance.save()


def signed(resource: str, **patterns: str) -> TemplateState:
    return TemplateState(
        "https://a.example.com/", auth_type="ManagedIdentity", resource=resource, **patterns
    )


def borrowed(**fields: object) -> UserAssignedIdentity:
    return UserAssignedIdentity.objects.create(arm_id=BORROWED, **fields)


def policy_of(instance: SignalRInstance) -> TokenPolicy:
    return policies.get(instance.name).token_policy(ECHO)


def audiences(instance: SignalRInstance) -> set[str]:
    return {audience.rstrip("/") for audience in policy_of(instance).audiences}


def test_the_audience_is_the_resource_of_the_template_that_takes_the_event(
    instance: SignalRInstance,
) -> None:
    want(instance, "api://game", hub_pattern="game", position=0)
    want(instance, "api://chat", hub_pattern="chat", position=1)
    want(instance, "api://rest", position=2)
    assert audiences(instance) == {"api://chat"}


def test_a_uri_is_accepted_with_and_without_its_slash_and_a_client_id_exactly(
    instance: SignalRInstance,
) -> None:
    want(instance, "api://chat")
    assert policy_of(instance).audiences == {"api://chat", "api://chat/"}
    UpstreamTemplate.objects.all().delete()
    want(instance, str(CLIENT))
    assert policy_of(instance).audiences == {str(CLIENT)}


def test_no_signed_template_means_no_audience(instance: SignalRInstance) -> None:
    assert audiences(instance) == set()
    want(instance, "", position=0)
    want(instance, "api://never-reached", position=1)
    assert audiences(instance) == set()


def test_a_template_on_its_way_to_azure_and_the_one_there_both_count(
    instance: SignalRInstance,
) -> None:
    want(instance, "api://new")
    observe(instance, signed("api://other", hub_pattern="game"), signed("api://old"))
    assert audiences(instance) == {"api://new", "api://old"}


def test_the_tenant_is_the_subscriptions(instance: SignalRInstance) -> None:
    policy = policy_of(instance)
    assert policy.tenant_id == str(instance.subscription.tenant_id)
    assert policy.issuer == f"https://sts.windows.net/{policy.tenant_id}/"


def test_no_identity_means_no_principal(instance: SignalRInstance) -> None:
    assert policy_of(instance).principal_ids == frozenset()


def test_the_observed_principal_may_call(instance: SignalRInstance) -> None:
    ManagedIdentity.objects.filter(instance=instance).update(principal_id=PRINCIPAL)
    policy = policy_of(instance)
    assert policy.principal_ids == {str(PRINCIPAL)}
    assert policy.client_ids == frozenset()
    assert policy.resource_ids == {instance.arm_id.lower()}


def test_a_user_assigned_identity_may_call_as_soon_as_it_is_wanted(
    instance: SignalRInstance,
) -> None:
    identity = instance.identity
    identity.principal_id = PRINCIPAL
    identity.type = ManagedIdentity.Type.USER_ASSIGNED
    identity.user_assigned = borrowed(principal_id=OTHER_PRINCIPAL, client_id=CLIENT)
    identity.save()
    policy = policy_of(instance)
    assert policy.principal_ids == {str(PRINCIPAL), str(OTHER_PRINCIPAL)}
    assert policy.resource_ids == {instance.arm_id.lower(), BORROWED.lower()}
    # The system-assigned one's client ID is nowhere to be read.
    assert policy.client_ids == frozenset()


def test_the_client_id_is_demanded_where_it_is_known_of_all(instance: SignalRInstance) -> None:
    identity = instance.identity
    identity.principal_id = PRINCIPAL
    identity.type = ManagedIdentity.Type.USER_ASSIGNED
    identity.user_assigned = borrowed(principal_id=PRINCIPAL, client_id=CLIENT)
    identity.save()
    assert policy_of(instance).client_ids == {str(CLIENT)}


def test_a_changed_row_counts_at_once_in_the_process_that_changed_it(
    instance: SignalRInstance,
) -> None:
    want(instance, "api://old")
    assert audiences(instance) == {"api://old"}
    template = UpstreamTemplate.objects.get()
    template.resource = "api://new"
    template.save()
    assert audiences(instance) == {"api://new"}


def test_a_changed_row_counts_everywhere_within_the_time_set(instance: SignalRInstance) -> None:
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


CHANGES: dict[str, Callable[[SignalRInstance], object]] = {
    "name": lambda row: SignalRInstance.objects.update(name="renamed"),
    "resource group": lambda row: SignalRInstance.objects.update(resource_group="other"),
    "tenant": lambda row: type(row.subscription).objects.update(tenant_id=PRINCIPAL),
    "observed": lambda row: SignalRInstance.objects.update(
        observed=InstanceState(templates=(signed("api://observed"),)).to_json()
    ),
    "principal": lambda row: ManagedIdentity.objects.update(principal_id=PRINCIPAL),
    "user-assigned": lambda row: ManagedIdentity.objects.update(
        user_assigned=borrowed(principal_id=OTHER_PRINCIPAL), type="UserAssigned"
    ),
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


def test_an_instance_that_is_gone_is_unknown_within_the_time_set(
    instance: SignalRInstance,
) -> None:
    clock = Clock()
    elsewhere = Policies(5, clock=clock)
    elsewhere.get(instance.name)
    SignalRInstance.objects.filter(pk=instance.pk).delete()
    clock.now += 5
    with pytest.raises(UnknownInstance):
        elsewhere.get(instance.name)


def test_a_new_instance_is_known_within_the_time_set(instance: SignalRInstance) -> None:
    clock = Clock()
    elsewhere = Policies(5, clock=clock)
    with pytest.raises(UnknownInstance):
        elsewhere.get("contoso-new")
    SignalRInstance.objects.create(
        name="Contoso-New", subscription=instance.subscription, resource_group="contoso"
    )
    clock.now += 5
    assert elsewhere.get("contoso-new").name == "Contoso-New"


def test_names_are_found_in_any_case(instance: SignalRInstance) -> None:
    assert policies.get(instance.name.upper()).pk == instance.pk


def test_asking_again_asks_the_database_nothing(
    instance: SignalRInstance, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    want(instance)
    policy = policy_of(instance)
    with django_assert_num_queries(0):
        assert policy_of(instance) is policy
        for name in ("invented", "invented-too"):
            with pytest.raises(UnknownInstance):
                policies.get(name)
