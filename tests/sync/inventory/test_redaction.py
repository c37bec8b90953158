"""A key in a URL template is stored in the rows that need it, and nowhere else."""

from __future__ import annotations

import json

import pytest
from django.core import serializers
from django.test import Client
from django.urls import reverse

from identities.models import SignalRInstance
from localazure import seed
from sync.desired.history import Author, changing_desired, rollback
from sync.models import AuditEvent, DesiredRevision, Operation, OperationStep
from sync.operations.plans.instance import plan_instance
from sync.operations.plans.output import render_json, render_text
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.worker import drive, imported, patches, set_desired, start
from upstreams.url_templates.arm_json import load_templates

pytestmark = pytest.mark.django_db

KEY, OTHER = "Sup3rS3cret", "An0therS3cret"


def holding(key: str) -> dict[str, str]:
    return {"urlTemplate": f"https://app.example/{{hub}}?code={key}"}


@pytest.fixture
def instance(local_azure: LocalAzure) -> SignalRInstance:
    """An instance whose desired template has a key in its URL."""
    return set_desired(imported(seed.LAB), "None", holding(KEY))


def rows_of(*models: type) -> str:
    return "".join(serializers.serialize("json", model.objects.all()) for model in models)  # type: ignore[attr-defined]


def test_plan_shows_that_there_is_a_key_and_not_which(instance: SignalRInstance) -> None:
    plan = plan_instance(instance)
    text = render_text(plan) + json.dumps(render_json(plan))
    assert KEY not in text
    assert "code=(hidden:" in text


def test_plan_that_only_changes_the_key_shows_a_change(
    local_azure: LocalAzure, instance: SignalRInstance
) -> None:
    first = plan_instance(instance)
    drive(start(instance))
    instance = set_desired(instance, "None", holding(OTHER))
    second = plan_instance(instance)
    assert first.digest != second.digest
    (line,) = [line for line in render_text(second).splitlines() if "url_template" in line]
    before, after = line.split(" -> ")
    assert before.rsplit("(", 1)[1] != after.rsplit("(", 1)[1]


def test_apply_writes_the_key_and_records_none_of_it(
    local_azure: LocalAzure, instance: SignalRInstance, caplog: pytest.LogCaptureFixture
) -> None:
    operation = drive(start(instance))
    assert operation.state == "succeeded", operation.error_message
    (patch,) = patches(local_azure)
    assert KEY in json.dumps(patch)
    assert KEY not in rows_of(Operation, OperationStep, AuditEvent)
    assert KEY not in caplog.text


def test_errors_of_azure_are_stored_without_the_key(
    local_azure: LocalAzure, instance: SignalRInstance
) -> None:
    words = f"The URL 'https://app.example/?code={KEY}' is not allowed."
    body = {"error": {"code": "BadRequest", "message": words}}
    refused = {"method": "PATCH", "path": seed.LAB, "status": 400, "body": body}
    local_azure.post("/_local/faults", [refused])
    operation = drive(start(instance))
    assert "is not allowed" in operation.error_message
    assert KEY not in operation.error_message


def test_history_hides_the_key_and_rollback_restores_it(
    instance: SignalRInstance, admin_client: Client
) -> None:
    with changing_desired(instance, Author("ada", "set upstream")):
        load_templates(instance, [holding(OTHER)])
    revision = DesiredRevision.objects.get(action="found")
    page = reverse("admin:sync_desiredrevision_change", args=[revision.pk])
    shown = admin_client.get(page).content.decode()
    assert "(hidden:" in shown
    assert KEY not in shown
    documents = run("history", instance.name, "--json").out + run("audit", "--json").out
    assert not [key for key in (KEY, OTHER) if key in documents]
    rollback(instance, revision.number, who="ada")
    assert KEY in instance.upstream_templates.get().url_template
