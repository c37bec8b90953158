"""The policies of instances: issuers, audiences and principals."""

from __future__ import annotations

import pytest

from identities.models import ManagedIdentity, SignalRInstance
from tests.registrations import CLIENT_ID, register
from tests.upstreams.receiver.authentication.instances import (
    CLIENT,
    ECHO,
    OTHER_PRINCIPAL,
    PRINCIPAL,
    USER_ASSIGNED,
    V2_ISSUER,
    audiences,
    observe,
    policy_of,
    signed,
    user_assigned,
    want,
)
from upstreams.models import TokenResource, UpstreamTemplate
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.protocol.requests import Route
from validation.policy import V1_ISSUER

pytestmark = pytest.mark.django_db


def test_audience_is_resource_of_matching_template(
    instance: SignalRInstance,
) -> None:
    want(instance, "api://game", hub_pattern="game", position=0)
    want(instance, "api://chat", hub_pattern="chat", position=1)
    want(instance, "api://rest", position=2)
    assert audiences(instance) == {"api://chat"}


def test_accepts_uri_with_and_without_trailing_slash(
    instance: SignalRInstance,
) -> None:
    want(instance, "api://chat")
    assert policy_of(instance).audiences == {"api://chat", "api://chat/"}
    UpstreamTemplate.objects.all().delete()
    want(instance, str(CLIENT))
    assert policy_of(instance).audiences == {str(CLIENT)}


def test_no_audience_without_signed_template(instance: SignalRInstance) -> None:
    assert audiences(instance) == set()
    want(instance, "", position=0)
    want(instance, "api://never-reached", position=1)
    assert audiences(instance) == set()


def test_accepts_desired_and_observed_template(
    instance: SignalRInstance,
) -> None:
    want(instance, "api://new")
    observe(instance, signed("api://other", hub_pattern="game"), signed("api://old"))
    assert audiences(instance) == {"api://new", "api://old"}


def test_application_with_v2_tokens_adds_its_issuer_and_client_id(
    instance: SignalRInstance,
) -> None:
    want(instance, "api://chat", hub_pattern="chat", position=0)
    want(instance, "api://rest", position=1)
    register(instance, "api://chat", version=2)
    derived, configured = policies.get(instance.name).token_policies(ECHO)
    tenant = str(instance.subscription.tenant_id)
    assert derived.issuer == V2_ISSUER.replace("{tenant_id}", tenant)
    assert derived.audiences == {str(CLIENT_ID)}
    # A token that the service got before the version changed is valid for a day.
    assert configured.issuer == V1_ISSUER.replace("{tenant_id}", tenant)
    assert configured.audiences == {"api://chat", "api://chat/"}
    (other,) = policies.get(instance.name).token_policies(Route("game", "messages", "x", "c-1"))
    assert other.audiences == {"api://rest", "api://rest/"}


@pytest.mark.parametrize("kind", ["unknown", "other_tenant", "absent", "managed_identity"])
def test_resource_that_is_not_known_adds_no_issuer(instance: SignalRInstance, kind: str) -> None:
    want(instance)
    register(instance, "api://chat", version=2, kind=kind)
    (policy,) = policies.get(instance.name).token_policies(ECHO)
    assert policy.version == "1.0"


def test_registration_of_another_tenant_adds_no_issuer(instance: SignalRInstance) -> None:
    want(instance)
    register(instance, "api://chat", version=2)
    TokenResource.objects.update(tenant_id=OTHER_PRINCIPAL)
    policies.forget()
    assert len(policies.get(instance.name).token_policies(ECHO)) == 1


def test_change_of_a_registration_takes_effect_at_once(instance: SignalRInstance) -> None:
    want(instance)
    assert len(policies.get(instance.name).token_policies(ECHO)) == 1
    register(instance, "api://chat", version=2)
    assert len(policies.get(instance.name).token_policies(ECHO)) == 2


def test_tenant_is_that_of_subscription(instance: SignalRInstance) -> None:
    policy = policy_of(instance)
    assert policy.tenant_id == str(instance.subscription.tenant_id)
    assert policy.issuer == f"https://sts.windows.net/{policy.tenant_id}/"


def test_no_principal_without_identity(instance: SignalRInstance) -> None:
    assert policy_of(instance).principal_ids == frozenset()


def test_accepts_observed_principal(instance: SignalRInstance) -> None:
    ManagedIdentity.objects.filter(instance=instance).update(principal_id=PRINCIPAL)
    policy = policy_of(instance)
    assert policy.principal_ids == {str(PRINCIPAL)}
    assert policy.client_ids == frozenset()
    assert policy.resource_ids == {instance.arm_id.lower()}


def test_accepts_desired_user_assigned_identity(
    instance: SignalRInstance,
) -> None:
    identity = instance.identity
    identity.principal_id = PRINCIPAL
    identity.type = ManagedIdentity.Type.USER_ASSIGNED
    identity.user_assigned = user_assigned(principal_id=OTHER_PRINCIPAL, client_id=CLIENT)
    identity.save()
    policy = policy_of(instance)
    assert policy.principal_ids == {str(PRINCIPAL), str(OTHER_PRINCIPAL)}
    assert policy.resource_ids == {instance.arm_id.lower(), USER_ASSIGNED.lower()}
    # The system-assigned one's client ID is nowhere to be read.
    assert policy.client_ids == frozenset()


def test_requires_client_id_where_all_are_known(instance: SignalRInstance) -> None:
    identity = instance.identity
    identity.principal_id = PRINCIPAL
    identity.type = ManagedIdentity.Type.USER_ASSIGNED
    identity.user_assigned = user_assigned(principal_id=PRINCIPAL, client_id=CLIENT)
    identity.save()
    assert policy_of(instance).client_ids == {str(CLIENT)}
