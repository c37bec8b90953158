"""Generated set-ups: Local Azure delivers an event, and the diagnosis has to say the same.

Whenever the delivery fails, a check that did not pass names the cause; whenever all checks pass, it
is accepted; and where a check says that no event is delivered, none is. `tests/cases/reports` has a
file for each fault that this found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, event, given, note, settings
from pytest_django import Settings

from diagnosis.checklist import diagnose
from diagnosis.findings import Finding
from identities.models import KeyVault, SignalRInstance, Subscription, UserAssignedIdentity
from localazure import seed
from sync.inventory.import_subscription import import_subscription
from sync.inventory.key_vault.secrets import check_secrets
from tests.cases.case import INSTANCE
from tests.cases.configurations.names import RECEIVER
from tests.cases.configurations.strategy import Configuration, configurations
from tests.cases.refusals import DECISIVE, INFORMATIONAL, cause_of, naming
from tests.cloud import LocalAzure
from tests.upstreams.project import hubs
from tests.upstreams.receiver.servers import serving
from upstreams.models import Delivery, FunctionApp
from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.deliveries.recorder import recorder
from upstreams.receiver.testing import installed_hubs

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[str]:
    """The address of a receiver that this process serves."""
    settings.RECEIVER = settings.RECEIVER | {"FLUSH_SECONDS": 0}
    with installed_hubs(hubs.chat), serving() as url:
        settings.SIGNALMAN_RECEIVER_HOSTS = [url.removeprefix("http://")]
        yield url
    hubs.calls.clear()
    policies.forget()
    recorder.forget()


def forget() -> None:
    """Delete what the previous example left."""
    for model in (SignalRInstance, FunctionApp, KeyVault, UserAssignedIdentity, Subscription):
        model.objects.all().delete()
    policies.forget()
    recorder.forget()
    cache.clear()


def deliver(cloud: LocalAzure, configuration: Configuration) -> dict[str, Any]:
    hub, category, name = configuration.event
    arguments = ["hi"] if name == "echo" else []
    sent = {"hub": hub, "category": category, "event": name, "arguments": arguments}
    delivery: dict[str, Any] = cloud.post("/_local/events", {"instance": INSTANCE, **sent})
    return delivery


def diagnosed() -> list[Finding]:
    import_subscription(seed.SUBSCRIPTION_ID, name=INSTANCE)
    check_secrets()
    instance = SignalRInstance.objects.with_desired().get(name=INSTANCE)
    return diagnose(instance)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(configuration=configurations())
def test_diagnosis_explains_each_delivery(
    local_azure: LocalAzure, receiver: str, configuration: Configuration
) -> None:
    forget()
    local_azure.reset()
    described = json.loads(json.dumps(configuration.seed).replace(RECEIVER, receiver))
    local_azure.seed(**described)
    findings = diagnosed()
    delivery = deliver(local_azure, configuration)
    row = Delivery.objects.order_by("-pk").first()
    cause = cause_of(delivery, row.reason if row else "")
    note(f"The delivery: {delivery}. Its cause: {cause or 'accepted'}.")
    checked = [each for each in findings if not INFORMATIONAL.fullmatch(each.key)]
    note("\n".join(f"{each.outcome} {each.key}: {each.evidence}" for each in checked))
    if cause == "no template matches" and not configuration.has_odd_patterns:
        return
    event(cause or "accepted")
    if cause:
        assert any(each.outcome != "pass" for each in checked), f"All checks pass: {cause}"
        assert naming(checked, cause, delivery["matched"]), f"No check names the cause: {cause}"
    else:
        failed = [each.key for each in checked if each.outcome == "fail"]
        assert not any(map(DECISIVE.fullmatch, failed)), failed
