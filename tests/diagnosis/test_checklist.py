"""The checklist finds each way in which the settings can disagree, and says what to do."""

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
from identities.models import SignalRInstance, Subscription
from sync.desired.state import desired_state
from upstreams.models import DeliveryCount, UpstreamTemplate

pytestmark = pytest.mark.django_db


@pytest.fixture
def instance(settings: Settings) -> SignalRInstance:
    """An instance on which everything agrees."""
    settings.ALLOWED_HOSTS = ["portal.example"]
    subscription = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    instance = SignalRInstance.objects.create(
        name="chat-prod", subscription=subscription, resource_group="apps"
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
    """Make what is wanted what Azure last answered."""
    instance.observed = desired_state(instance).to_json()
    instance.observed_at = timezone.now()
    instance.save()


def test_a_key_in_clear_is_told_from_one_in_a_vault(instance: SignalRInstance) -> None:
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


def test_nothing_fails_where_everything_agrees(instance: SignalRInstance) -> None:
    assert [each for each in diagnose(instance) if each.outcome == "fail"] == []


def test_a_failure_always_names_a_fix(instance: SignalRInstance) -> None:
    SignalRInstance.objects.filter(pk=instance.pk).update(missing_since=timezone.now())
    add_template(instance, auth_type="None", resource="")
    fresh = SignalRInstance.objects.get(pk=instance.pk)
    failures = [each for each in diagnose(fresh) if each.outcome == "fail"]
    assert failures
    assert all(each.fix for each in failures)


def test_a_wish_that_was_not_applied_is_drift(instance: SignalRInstance) -> None:
    add_template(instance, hub_pattern="other")
    assert finding(instance, "azure_agrees").outcome == "fail"


def test_an_instance_that_azure_was_never_asked_about_is_unknown(
    instance: SignalRInstance,
) -> None:
    SignalRInstance.objects.filter(pk=instance.pk).update(observed=None)
    assert finding(instance, "azure_agrees").outcome == "unknown"


def test_signed_templates_need_an_identity(instance: SignalRInstance) -> None:
    instance.identity.type = "None"
    instance.identity.save()
    observe(SignalRInstance.objects.get(pk=instance.pk))
    assert finding(instance, "identity_present").outcome == "fail"


def test_an_unknown_principal_is_named_as_the_cause(instance: SignalRInstance) -> None:
    instance.identity.principal_id = None
    instance.identity.save()
    assert "every token is refused" in finding(instance, "principal_known").evidence


def test_without_templates_azure_drops_every_event(instance: SignalRInstance) -> None:
    instance.upstream_templates.all().delete()
    observe(SignalRInstance.objects.get(pk=instance.pk))
    assert finding(instance, "templates_present").outcome == "fail"


def test_a_shadowed_template_is_named(instance: SignalRInstance) -> None:
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
def test_each_template_is_checked(
    instance: SignalRInstance, fields: dict[str, str], key: str, outcome: str
) -> None:
    instance.upstream_templates.all().delete()
    add_template(instance, **fields)
    observe(SignalRInstance.objects.get(pk=instance.pk))
    assert finding(instance, f"templates[0].{key}").outcome == outcome


def test_recent_refusals_are_shown_by_reason(instance: SignalRInstance) -> None:
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


def test_the_command_exits_0_where_nothing_failed(instance: SignalRInstance) -> None:
    printed, code = run_command("chat-prod")
    assert "✓ The instance has an identity" in printed
    assert code == 0


def test_the_command_exits_2_where_something_failed(instance: SignalRInstance) -> None:
    instance.upstream_templates.all().delete()
    printed, code = run_command("chat-prod", "--json")
    assert "azure_agrees" in {each["key"] for each in json.loads(printed)}
    assert code == 2


def test_the_command_names_an_unknown_instance() -> None:
    with pytest.raises(CommandError, match="no instance 'other'"):
        call_command("diagnose", "other")


def test_an_instance_that_is_yet_to_be_made_is_not_at_fault(instance: SignalRInstance) -> None:
    instance.observed, instance.create_if_missing = None, True
    instance.save()
    found = finding(instance, "azure_agrees")
    assert (found.outcome, found.fix) == ("unknown", "manage.py apply chat-prod makes it.")


def test_an_instance_that_was_made_here_agrees(instance: SignalRInstance) -> None:
    instance.create_if_missing, instance.sku = True, "Standard_S1"
    instance.save()
    assert finding(instance, "azure_agrees").outcome == "pass"
