"""The checklist finds each way in which settings can disagree, and names a fix."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import SignalRInstance, Subscription, UserAssignedIdentity
from sync.desired.state import desired_state
from upstreams.models import DeliveryCount, UpstreamTemplate

pytestmark = pytest.mark.django_db


@pytest.fixture
def instance(settings: Settings) -> SignalRInstance:
    """An instance whose settings all agree."""
    settings.SIGNALMAN_RECEIVER_HOSTS = ["portal.example", "portal.example:8443"]
    subscription = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    instance = SignalRInstance.objects.create(
        name="chat-prod",
        subscription=subscription,
        resource_group="apps",
        service_mode="Serverless",
    )
    instance.identity.type = "SystemAssigned"
    instance.identity.principal_id = uuid.uuid4()
    instance.identity.save()
    add_template(instance)
    observe(instance)
    return instance


def add_template(instance: SignalRInstance, **fields: Any) -> None:
    """Add a signed template that points at the instance's receiver."""
    UpstreamTemplate.objects.create(
        instance=instance,
        position=instance.upstream_templates.count(),
        **{
            "url_template": "https://portal.example/upstream/chat-prod/",
            "auth_type": "ManagedIdentity",
            "resource": "api://chat",
            **fields,
        },
    )


def observe(instance: SignalRInstance) -> None:
    """Set the observed state to the desired state."""
    instance.observed = desired_state(instance).to_json()
    instance.observed_at = timezone.now()
    instance.save()


def test_fails_for_plain_text_key_and_not_for_reference(instance: SignalRInstance) -> None:
    add_template(instance, url_template="https://a.example/{hub}?code=abc")
    reference = "{@Microsoft.KeyVault(SecretUri=https://v-1.vault.azure.net/secrets/a)}"
    add_template(instance, url_template=f"https://a.example/{{event}}?code={reference}")
    observe(instance)
    found = finding(instance, "templates[1].keys")
    assert found.outcome == "fail"
    assert "Microsoft.KeyVault" in found.fix
    assert "abc" not in found.evidence
    assert "templates[2].keys" not in {each.key for each in diagnose(instance)}


def finding(instance: SignalRInstance, key: str) -> Finding:
    """Return the one finding of that key."""
    fresh = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    [found] = [each for each in diagnose(fresh) if each.key == key]
    return found


def test_nothing_fails_where_all_settings_agree(instance: SignalRInstance) -> None:
    assert [each for each in diagnose(instance) if each.outcome == "fail"] == []


def test_every_failure_has_a_fix(instance: SignalRInstance) -> None:
    SignalRInstance.objects.filter(pk=instance.pk).update(missing_since=timezone.now())
    add_template(instance, auth_type="None", resource="")
    fresh = SignalRInstance.objects.get(pk=instance.pk)
    failures = [each for each in diagnose(fresh) if each.outcome == "fail"]
    assert failures
    assert all(each.fix for each in failures)


def test_desired_state_that_was_not_applied_fails(instance: SignalRInstance) -> None:
    add_template(instance, hub_pattern="other")
    assert finding(instance, "azure_agrees").outcome == "fail"


def test_instance_that_was_never_read_is_unknown(
    instance: SignalRInstance,
) -> None:
    SignalRInstance.objects.filter(pk=instance.pk).update(observed=None)
    assert finding(instance, "azure_agrees").outcome == "unknown"


def test_signed_templates_require_an_identity(instance: SignalRInstance) -> None:
    instance.identity.type = "None"
    instance.identity.save()
    observe(SignalRInstance.objects.get(pk=instance.pk))
    assert finding(instance, "identity_present").outcome == "fail"


def test_fails_for_unknown_principal(instance: SignalRInstance) -> None:
    instance.identity.principal_id = None
    instance.identity.save()
    assert "every token is refused" in finding(instance, "principal_known").evidence


def test_fails_without_templates(instance: SignalRInstance) -> None:
    instance.upstream_templates.all().delete()
    observe(SignalRInstance.objects.get(pk=instance.pk))
    assert finding(instance, "templates_present").outcome == "fail"


def test_fails_for_shadowed_template(instance: SignalRInstance) -> None:
    add_template(instance, hub_pattern="chat")
    observe(instance)
    assert finding(instance, "templates[1].reachable").outcome == "fail"


@pytest.mark.parametrize(
    ("fields", "key", "outcome"),
    [
        ({"auth_type": "None", "resource": ""}, "signed", "fail"),
        ({"resource": ""}, "signed", "fail"),
        ({"resource": "https://graph.microsoft.com"}, "signed", "fail"),
        ({"url_template": "https://portal.example/upstream/other/"}, "receiver", "fail"),
        ({"url_template": "https://app.azurewebsites.net/api"}, "receiver", "unknown"),
        ({"url_template": "https://h.example/{@Microsoft.KeyVault(x)}"}, "key_vault", "fail"),
        (
            {
                "url_template": "https://h.example/?code={@Microsoft.KeyVault"
                "(SecretUri=https://vault.vault.azure.net/secrets/code)}"
            },
            "key_vault[vault/code].grant",
            "unknown",
        ),
    ],
)
def test_checks_each_template(
    instance: SignalRInstance, fields: dict[str, str], key: str, outcome: str
) -> None:
    instance.upstream_templates.all().delete()
    add_template(instance, **fields)
    observe(SignalRInstance.objects.get(pk=instance.pk))
    assert finding(instance, f"templates[0].{key}").outcome == outcome


def test_shows_recent_refusals_by_reason(instance: SignalRInstance) -> None:
    for outcome, reason, count in [("accepted", "", 5), ("refused", "wrong_audience", 3)]:
        DeliveryCount.objects.create(
            instance=instance,
            minute=timezone.now(),
            outcome=outcome,
            reason=reason,
            count=count,
        )
    evidence = finding(instance, "deliveries_accepted").evidence
    assert "5 accepted" in evidence
    assert "3 for wrong_audience" in evidence


def run_command(*arguments: str) -> tuple[str, int]:
    """Run the command; return what it printed and its exit code."""
    output = io.StringIO()
    try:
        call_command("diagnose", *arguments, stdout=output)
    except SystemExit as end:
        return output.getvalue(), int(end.code or 0)
    return output.getvalue(), 0


def test_command_exits_0_where_nothing_failed(instance: SignalRInstance) -> None:
    printed, code = run_command("chat-prod")
    assert "✓ The instance has an identity" in printed
    assert code == 0


def test_command_exits_2_where_a_check_failed(instance: SignalRInstance) -> None:
    instance.upstream_templates.all().delete()
    printed, code = run_command("chat-prod", "--json")
    assert "azure_agrees" in {each["key"] for each in json.loads(printed)}
    assert code == 2


def test_command_reports_unknown_instance() -> None:
    with pytest.raises(CommandError, match="Unknown instance 'other'"):
        call_command("diagnose", "other")


def test_instance_that_is_not_created_yet_is_unknown(instance: SignalRInstance) -> None:
    instance.observed, instance.create_if_missing = None, True
    instance.save()
    found = finding(instance, "azure_agrees")
    assert (found.outcome, found.fix) == (
        "unknown",
        "Apply the plan, which creates it: manage.py apply chat-prod",
    )


def test_created_instance_is_in_sync(instance: SignalRInstance) -> None:
    instance.create_if_missing, instance.sku = True, "Standard_S1"
    instance.save()
    assert finding(instance, "azure_agrees").outcome == "pass"


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("Serverless", "pass"),
        ("Default", "fail"),
        ("PredefinedOnly", "fail"),
        ("Classic", "unknown"),
        ("", "unknown"),
    ],
)
def test_requires_serverless_mode(instance: SignalRInstance, mode: str, outcome: str) -> None:
    SignalRInstance.objects.update(service_mode=mode)
    found = finding(instance, "service_mode")
    assert (found.outcome, bool(found.fix)) == (outcome, outcome != "pass")


def test_service_mode_is_irrelevant_without_templates(instance: SignalRInstance) -> None:
    instance.upstream_templates.all().delete()
    observe(SignalRInstance.objects.get(pk=instance.pk))
    SignalRInstance.objects.update(service_mode="Default")
    fresh = SignalRInstance.objects.get(pk=instance.pk)
    assert "service_mode" not in {each.key for each in diagnose(fresh)}


WEBHOOK = "https://app.azurewebsites.net/runtime/webhooks/signalr"
REFERENCE = "{@Microsoft.KeyVault(SecretUri=https://vault-1.vault.azure.net/secrets/code)}"


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        (WEBHOOK, "fail"),
        (f"{WEBHOOK}?code=", "fail"),
        (f"{WEBHOOK}/", "fail"),
        ("https://APP.AzureWebsites.net/Runtime/Webhooks/SignalR", "fail"),
        (f"{WEBHOOK}?code={REFERENCE}", "unknown"),
        (f"{WEBHOOK}?code=abc", "unknown"),
        ("https://gateway.example/runtime/webhooks/signalr", "unknown"),
    ],
)
def test_webhook_requires_the_system_key(instance: SignalRInstance, url: str, outcome: str) -> None:
    instance.upstream_templates.all().delete()
    add_template(instance, url_template=url)
    observe(SignalRInstance.objects.get(pk=instance.pk))
    found = finding(instance, "templates[0].webhook_key")
    assert (found.outcome, "signalr_extension" in found.evidence + found.fix) == (outcome, True)


def test_other_paths_of_an_app_need_no_system_key(instance: SignalRInstance) -> None:
    add_template(instance, hub_pattern="x", url_template="https://app.azurewebsites.net/api/x")
    observe(instance)
    assert "templates[1].webhook_key" not in {each.key for each in diagnose(instance)}


PRINCIPAL, CLIENT = uuid.UUID(int=7), uuid.UUID(int=8)
UAMI = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/apps"
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/chat"
)


@pytest.mark.parametrize(
    "resource",
    [
        str(PRINCIPAL),
        str(CLIENT).upper(),
        f"api://{CLIENT}",
        UAMI,
        "https://management.azure.com/",
        "https://management.core.windows.net",
        "https://vault.azure.net",
        "https://signalr.azure.com/",
    ],
)
def test_fails_for_resource_that_is_no_receiver(instance: SignalRInstance, resource: str) -> None:
    identity = UserAssignedIdentity.objects.create(
        arm_id=UAMI, principal_id=PRINCIPAL, client_id=CLIENT
    )
    instance.identity.type, instance.identity.user_assigned = "UserAssigned", identity
    instance.identity.save()
    instance.upstream_templates.all().delete()
    add_template(instance, resource=resource)
    observe(SignalRInstance.objects.get(pk=instance.pk))
    found = finding(instance, "templates[0].resource")
    assert (found.outcome, "manage.py applications" in found.fix) == ("fail", True)


def test_connect_events_are_not_explained_by_earlier_templates(instance: SignalRInstance) -> None:
    instance.upstream_templates.all().delete()
    add_template(instance, category_pattern="connections", event_pattern="connect,disconnect")
    observe(SignalRInstance.objects.get(pk=instance.pk))
    fresh = SignalRInstance.objects.get(pk=instance.pk)
    found = [each for each in diagnose(fresh) if each.key == "templates[0].reachable"]
    assert {each.outcome for each in found} == {"fail"}
    assert not any("earlier" in each.evidence or "Move" in each.fix for each in found)
    assert any("'connected'" in each.evidence for each in found)
