"""What each instance's requests must prove, and when a changed row counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from arm.state import InstanceState, TemplateState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from upstreams.models import UpstreamTemplate
from upstreams.receiver.authentication import policies as module
from upstreams.receiver.authentication.policies import Policies, policies
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


def meanwhile(patch: pytest.MonkeyPatch, read: str, change: Callable[[], object]) -> None:
    """Let another thread make `change` once, while rows are on their way from the database."""
    first, changes = getattr(module, read), [change]

    def interrupted(*arguments: Any) -> Any:
        rows = first(*arguments)
        if changes:
            changes.pop()()
        return rows

    patch.setattr(module, read, interrupted)


def test_a_row_that_changes_while_it_is_read_counts_at_once(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(instance, "api://old")
    template = UpstreamTemplate.objects.get()
    template.resource = "api://new"
    policies.forget()
    meanwhile(monkeypatch, "_read_instance", template.save)
    assert audiences(instance) == {"api://old"}
    assert audiences(instance) == {"api://new"}


def test_a_name_that_comes_while_names_are_read_is_known_at_once(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = SignalRInstance(name="contoso-new", subscription=instance.subscription)
    policies.forget()
    meanwhile(monkeypatch, "_read_names", new.save)
    with pytest.raises(UnknownInstance):
        policies.get("contoso-new")
    assert policies.get("contoso-new").pk == new.pk


def test_an_instance_that_goes_while_it_is_read_is_unknown_at_once(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies.forget()
    meanwhile(monkeypatch, "_read_instance", SignalRInstance.objects.get().delete)
    policies.get(instance.name)
    with pytest.raises(UnknownInstance):
        policies.get(instance.name)


def test_one_instance_that_is_gone_costs_the_others_nothing_that_is_newer(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SignalRInstance.objects.create(name="other", subscription=instance.subscription)
    clock = Clock()
    elsewhere = Policies(5, clock=clock)
    elsewhere.get(other.name)
    SignalRInstance.objects.filter(pk=instance.pk).delete()

    def read_again() -> None:
        elsewhere.forget()
        elsewhere.get(other.name)

    meanwhile(monkeypatch, "_read_instance", read_again)
    with pytest.raises(UnknownInstance):
        elsewhere.get(instance.name)
    monkeypatch.setattr(module, "_read_instance", None)
    assert elsewhere.get(other.name).pk == other.pk


class Recovering(Policies):
    """Policies whose every look at an outage is followed by another thread that finds its end."""

    _noted: float | None

    @property
    def _ask_at(self) -> float | None:
        found = self._noted
        self._noted = None
        return found

    @_ask_at.setter
    def _ask_at(self, noted: float | None) -> None:
        self._noted = noted


@pytest.mark.parametrize("noted", [None, 99.0, 100.0])
def test_the_end_of_an_outage_may_come_at_any_moment(
    instance: SignalRInstance, noted: float | None
) -> None:
    recovering = Recovering(5, clock=Clock())
    recovering._ask_at = noted  # noqa: SLF001  # as an outage leaves it
    assert recovering.get(instance.name).pk == instance.pk


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
