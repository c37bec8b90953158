"""Templates come and go as one ordered document, whole or not at all."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from identities.models import SignalRInstance, Subscription
from upstreams.url_templates.arm_json import dump_templates, load_templates

pytestmark = pytest.mark.django_db

SIGNED = {
    "hubPattern": "chat",
    "categoryPattern": "messages",
    "eventPattern": "*",
    "urlTemplate": "https://example.com/{hub}",
    "auth": {"type": "ManagedIdentity", "managedIdentity": {"resource": "api://chat"}},
}
PLAIN = {
    "hubPattern": "*",
    "categoryPattern": "*",
    "eventPattern": "*",
    "urlTemplate": "https://example.com/rest",
    "auth": None,
}


@pytest.fixture
def instance() -> SignalRInstance:
    """An instance without templates."""
    subscription = Subscription.objects.create(subscription_id=uuid.uuid4(), tenant_id=uuid.uuid4())
    return SignalRInstance.objects.create(
        name="chat-prod", subscription=subscription, resource_group="apps"
    )


def test_dumps_templates_in_their_order(instance: SignalRInstance) -> None:
    load_templates(instance, [PLAIN, SIGNED])
    load_templates(instance, [SIGNED, PLAIN])
    assert dump_templates(instance) == [SIGNED, PLAIN]


def test_omitted_fields_have_azures_defaults(instance: SignalRInstance) -> None:
    load_templates(instance, [{"urlTemplate": PLAIN["urlTemplate"]}])
    assert dump_templates(instance) == [PLAIN]


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "must be a list"),
        ([{}], "Template 1: an object with a urlTemplate is required"),
        ([PLAIN, "x"], "Template 2: an object"),
        ([{**PLAIN, "urlTemplat": "x"}], "Template 1: unknown field urlTemplat"),
        ([{**PLAIN, "auth": {"type": "Basic"}}], "auth.type must be None or ManagedIdentity"),
        (
            [{**PLAIN, "auth": {"type": "ManagedIdentity"}}],
            "auth.managedIdentity.resource is required",
        ),
        ([PLAIN, {**PLAIN, "urlTemplate": ""}], "Template 2: "),
    ],
)
def test_invalid_document_changes_nothing(
    instance: SignalRInstance, document: Any, complaint: str
) -> None:
    load_templates(instance, [SIGNED])
    with pytest.raises(ValidationError, match=complaint):
        load_templates(instance, document)
    assert dump_templates(instance) == [SIGNED]


def test_command_reads_file(instance: SignalRInstance, tmp_path: Any) -> None:
    document = tmp_path / "templates.json"
    document.write_text(json.dumps([SIGNED]))
    output = io.StringIO()
    call_command("set_upstream", "chat-prod", str(document), stdout=output)
    assert dump_templates(instance) == [SIGNED]
    assert "1 upstream template" in output.getvalue()


@pytest.mark.usefixtures("instance")
def test_command_refuses_binary_file(tmp_path: Any) -> None:
    document = tmp_path / "templates.json"
    document.write_bytes(b"\xff[]")
    with pytest.raises(CommandError, match="not text in UTF-8"):
        call_command("set_upstream", "chat-prod", str(document))


def test_command_names_unknown_instance() -> None:
    with pytest.raises(CommandError, match="Unknown instance 'other'"):
        call_command("set_upstream", "other")
