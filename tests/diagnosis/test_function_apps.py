"""The checklist's lines on Function Apps and on Azure's own services as receivers."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from arm.function_app_authentication import FunctionAppAuth
from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import SignalRInstance, Subscription
from sync.desired.state import desired_state
from upstreams.models import FunctionApp, UpstreamTemplate

pytestmark = pytest.mark.django_db

TENANT = uuid.UUID("aaaaaaaa-0000-4000-8000-000000000001")
AGREEING = FunctionAppAuth(
    is_enabled=True,
    issuer=f"https://sts.windows.net/{TENANT}/",
    client_id="cccccccc-0000-4000-8000-000000000003",
    allowed_audiences=("api://chat",),
    unauthenticated_action="Return401",
)


def make_instance(**template: Any) -> SignalRInstance:
    """Return an instance that sends its signed events to `contoso`, and whose rows agree."""
    subscription = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=TENANT)
    instance = SignalRInstance.objects.create(
        name="chat-prod", subscription=subscription, resource_group="apps"
    )
    instance.identity.type = "SystemAssigned"
    instance.identity.principal_id = uuid.uuid4()
    instance.identity.save()
    UpstreamTemplate.objects.create(
        instance=instance,
        **{
            "url_template": "https://contoso.azurewebsites.net/api",
            "auth_type": "ManagedIdentity",
            "resource": "api://chat",
            **template,
        },
    )
    instance.observed, instance.observed_at = desired_state(instance).to_json(), timezone.now()
    instance.save()
    return instance


def make_app(auth: FunctionAppAuth | None, **fields: Any) -> FunctionApp:
    """Return the app `contoso`, with that authentication."""
    return FunctionApp.objects.create(
        **{
            "subscription": SignalRInstance.objects.get().subscription,
            "arm_id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/contoso",
            "host_name": "contoso.azurewebsites.net",
            "observed": auth and auth.to_json(),
            **fields,
        }
    )


def findings(instance: SignalRInstance) -> dict[str, Finding]:
    fresh = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    return {each.key: each for each in diagnose(fresh)}


def test_an_app_that_agrees_passes() -> None:
    instance = make_instance()
    make_app(AGREEING)
    found = findings(instance)["function_apps[contoso].agrees"]
    assert found.outcome == "pass"
    assert "api://chat" in found.evidence


def test_a_known_app_stands_for_the_templates_receiver() -> None:
    instance = make_instance()
    assert findings(instance)["templates[0].receiver"].outcome == "unknown"
    make_app(AGREEING)
    assert "templates[0].receiver" not in findings(instance)


@pytest.mark.parametrize(
    ("policy", "words"),
    [("observe", "function_apps contoso --policy manage"), ("manage", "next plan")],
)
def test_mismatch_names_its_fix(policy: str, words: str) -> None:
    instance = make_instance()
    make_app(replace(AGREEING, issuer="https://login.example/v2.0"), policy=policy)
    found = findings(instance)["function_apps[contoso].issuer_differs"]
    assert found.outcome == "fail"
    assert words in found.fix


def test_every_disagreement_has_its_own_line() -> None:
    instance = make_instance()
    make_app(FunctionAppAuth(client_id="x", is_enabled=True))
    failures = {key for key, each in findings(instance).items() if each.outcome == "fail"}
    assert {
        "function_apps[contoso].issuer_differs",
        "function_apps[contoso].audience_missing",
        "function_apps[contoso].unauthenticated_allowed",
    } <= failures


def test_offers_no_plan_for_what_plans_cannot_fix() -> None:
    instance = make_instance()
    make_app(FunctionAppAuth())
    found = findings(instance)["function_apps[contoso].client_id_missing"]
    assert "--policy" not in found.fix


def test_a_doubt_is_no_failure() -> None:
    instance = make_instance()
    make_app(replace(AGREEING, other_checks=("jwtClaimChecks.allowedGroups",)))
    assert findings(instance)["function_apps[contoso].other_check"].outcome == "unknown"


@pytest.mark.parametrize(
    ("auth", "problem", "words"),
    [
        (None, "", "not been read"),
        (None, "Not allowed.", "Not allowed"),
        (AGREEING, "Late.", "Late"),
    ],
)
def test_an_app_that_was_not_read_is_unknown(
    auth: FunctionAppAuth | None, problem: str, words: str
) -> None:
    instance = make_instance()
    make_app(auth, problem=problem)
    found = findings(instance)["function_apps[contoso].read"]
    assert (found.outcome, words in found.evidence) == ("unknown", True)


def test_an_app_of_another_tenant_is_unknown() -> None:
    instance = make_instance()
    other = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    make_app(AGREEING, subscription=other)
    assert "another tenant" in findings(instance)["function_apps[contoso].read"].evidence


def test_an_app_gone_from_azure_receives_nothing() -> None:
    instance = make_instance()
    make_app(None, missing_since=timezone.now())
    assert findings(instance)["templates[0].receiver"].outcome == "unknown"


@pytest.mark.parametrize(
    ("resource", "outcome"),
    [("https://storage.azure.com", "pass"), ("api://chat", "fail"), ("", "fail")],
)
def test_azures_own_services_require_their_resource(resource: str, outcome: str) -> None:
    instance = make_instance(
        url_template="https://contoso.blob.core.windows.net/in", resource=resource
    )
    assert findings(instance)["templates[0].receiver"].outcome == outcome


def test_what_a_diagnosis_costs_does_not_grow_with_the_templates(
    django_assert_max_num_queries: Any,
) -> None:
    instance = make_instance()
    make_app(AGREEING)
    for position in range(1, 20):
        UpstreamTemplate.objects.create(
            instance=instance,
            position=position,
            hub_pattern=f"hub{position}",
            url_template="https://contoso.azurewebsites.net/api",
            auth_type="ManagedIdentity",
            resource="api://chat",
        )
    fresh = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    with django_assert_max_num_queries(8):
        diagnose(fresh)
