"""The checklist's lines on Function Apps and on Azure's own services as receivers."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from arm.function_apps.authentication import FunctionAppAuth
from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import SignalRInstance, Subscription
from sync.desired.state import desired_state
from tests.registrations import register
from upstreams.models import FunctionApp, TokenResource, UpstreamTemplate

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
    register(instance, "api://chat", client_id=AGREEING.client_id)
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
    [("observe", "function_apps contoso --policy manage"), ("manage", "includes this change")],
)
def test_mismatch_names_its_fix(policy: str, words: str) -> None:
    instance = make_instance()
    make_app(replace(AGREEING, issuer="https://login.example/v2.0"), policy=policy)
    found = findings(instance)["function_apps[contoso].issuer_differs"]
    assert found.outcome == "fail"
    assert words in found.fix


def test_every_disagreement_has_its_own_line() -> None:
    instance = make_instance()
    make_app(
        FunctionAppAuth(client_id="x", is_enabled=True, unauthenticated_action="AllowAnonymous")
    )
    failures = {key for key, each in findings(instance).items() if each.outcome == "fail"}
    assert {
        "function_apps[contoso].issuer_differs",
        "function_apps[contoso].audience_missing",
        "function_apps[contoso].unauthenticated_allowed",
    } <= failures


def test_v2_issuer_of_an_application_with_v2_tokens_agrees() -> None:
    instance = make_instance()
    register(instance, "api://chat", version=2, client_id=AGREEING.client_id)
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    make_app(replace(AGREEING, issuer=issuer, allowed_audiences=()), policy="manage")
    found = findings(instance)["function_apps[contoso].agrees"]
    assert (found.outcome, issuer in found.evidence) == ("pass", True)
    instance = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    (app,) = desired_state(instance).function_apps
    assert app.auth.issuer == issuer


def test_v1_issuer_of_an_application_with_v2_tokens_fails() -> None:
    instance = make_instance()
    register(instance, "api://chat", version=2, client_id=AGREEING.client_id)
    make_app(AGREEING)
    found = findings(instance)["function_apps[contoso].issuer_differs"]
    assert (found.outcome, f"{TENANT}/v2.0" in found.fix) == ("fail", True)


def test_unknown_token_version_is_unknown_and_plans_nothing() -> None:
    instance = make_instance()
    TokenResource.objects.all().delete()
    closed = replace(AGREEING, issuer=f"https://login.microsoftonline.com/{TENANT}/v2.0")
    make_app(closed, policy="manage")
    found = findings(instance)
    line = found["function_apps[contoso].token_version_unknown"]
    assert (line.outcome, "Application.Read.All" in line.fix) == ("unknown", True)
    assert not any(each.outcome == "fail" for key, each in found.items() if "contoso" in key)
    instance = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    (app,) = desired_state(instance).function_apps
    assert app.auth == closed


def test_issuer_of_no_version_fails_whatever_the_registration() -> None:
    instance = make_instance()
    TokenResource.objects.all().delete()
    make_app(replace(AGREEING, issuer="https://sts.windows.net/other/"))
    found = findings(instance)["function_apps[contoso].issuer_differs"]
    assert (found.outcome, "neither" in found.evidence) == ("fail", True)


def test_templates_with_tokens_of_two_versions_fail() -> None:
    instance = make_instance()
    register(instance, "api://modern", version=2)
    url = "https://contoso.azurewebsites.net/api"
    UpstreamTemplate.objects.create(
        instance=instance, url_template=url, auth_type="ManagedIdentity", resource="api://modern"
    )
    instance = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    instance.observed = desired_state(instance).to_json()
    instance.save()
    make_app(AGREEING)
    found = findings(instance)["function_apps[contoso].token_versions_differ"]
    assert (found.outcome, "v2 tokens for api://modern" in found.evidence) == ("fail", True)


def test_offers_no_plan_for_what_plans_cannot_fix() -> None:
    instance = make_instance()
    TokenResource.objects.all().delete()
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
    assert "different tenant" in findings(instance)["function_apps[contoso].read"].evidence


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
    with django_assert_max_num_queries(10):
        diagnose(fresh)
