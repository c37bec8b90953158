"""Changes of request requirements are audited, without the URL secrets."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from identities.models import SignalRInstance
from localazure import seed
from sync.desired.request_requirements import changing_requirements
from sync.models import AuditEvent
from tests.cloud import LocalAzure
from tests.stdin import set_stdin
from tests.sync.commands import run
from tests.sync.worker import imported
from upstreams.models import RequestRequirements

pytestmark = pytest.mark.django_db

FIRST, SECOND = "first-secret-of-many", "second-secret-of-many"
ACTION = "set request requirements"


@pytest.fixture
def instance(local_azure: LocalAzure) -> SignalRInstance:
    return imported(seed.LAB)


def events() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=ACTION).order_by("pk"))


def test_change_is_audited_with_actor_and_values(instance: SignalRInstance) -> None:
    with changing_requirements(instance, who="ada") as requirements:
        requirements.signature = True
    (event,) = events()
    assert (event.who, event.object) == ("ada", instance.arm_id)
    assert event.before
    assert event.after
    assert (event.before["signature"], event.after["signature"]) == (False, True)


def test_unchanged_values_are_not_audited(instance: SignalRInstance) -> None:
    for _ in range(2):
        with changing_requirements(instance, who="ada") as requirements:
            requirements.signature = True
    assert len(events()) == 1


def test_invalid_requirement_is_neither_stored_nor_audited(instance: SignalRInstance) -> None:
    with pytest.raises(ValidationError), changing_requirements(instance, who="ada") as requirements:
        requirements.url_secret = True
    assert events() == []
    assert not RequestRequirements.objects.exists()


def test_secret_is_audited_without_its_value_or_digest(
    instance: SignalRInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    for secret in (FIRST, SECOND):
        set_stdin(monkeypatch, f"{secret}\n")
        assert run("set_url_secret", instance.name, "--require").code == 0
    kept = RequestRequirements.objects.get()
    text = json.dumps([[event.before, event.after] for event in events()])
    assert not [each for each in (FIRST, SECOND, *kept.url_secrets.digests) if each in text]
    assert [event.after and event.after["url_secrets_accepted"] for event in events()] == [1, 2]
    assert len({event.after and event.after["url_secret_set_at"] for event in events()}) == 2


def test_change_in_the_admin_is_audited(instance: SignalRInstance, admin_client: Client) -> None:
    fields = {"policy": "observe", "is_protected": "on"}
    for prefix in ("identity", "upstream_templates", "vault_grants", "request_requirements"):
        fields |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    fields |= {"request_requirements-TOTAL_FORMS": "1", "request_requirements-0-signature": "on"}
    fields |= {
        "request_requirements-0-instance": str(instance.pk),
        "request_requirements-0-url_secret_parameter": "code",
    }
    page = reverse("admin:identities_signalrinstance_change", args=[instance.pk])
    assert admin_client.post(page, fields).status_code == 302
    (event,) = events()
    assert event.who == "admin"
    assert (event.before, event.after) == ({"signature": False}, {"signature": True})
