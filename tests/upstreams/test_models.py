"""Validation of upstream templates."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from identities.models import SignalRInstance
from upstreams.models import Delivery, UpstreamTemplate

pytestmark = pytest.mark.django_db


def template(instance: SignalRInstance, **fields: str) -> UpstreamTemplate:
    signed = {"auth_type": "ManagedIdentity", "resource": "api://chat"}
    return UpstreamTemplate(
        instance=instance, **{"url_template": "https://a.example.com/", **signed, **fields}
    )


def errors_of(template: UpstreamTemplate) -> dict[str, list[str]]:
    try:
        template.full_clean()
    except ValidationError as error:
        return error.message_dict
    return {}


@pytest.mark.parametrize("pattern", ["*", "chat", "a, b", "say hello", "ünïcode", "a,*"])
def test_accepts_valid_pattern(instance: SignalRInstance, pattern: str) -> None:
    assert errors_of(template(instance, event_pattern=pattern)) == {}


@pytest.mark.parametrize("pattern", ["", ",", "a,", "a,,b", "chat*", "*chat", "**", "a\nb", "a\0"])
def test_refuses_invalid_pattern(instance: SignalRInstance, pattern: str) -> None:
    assert list(errors_of(template(instance, hub_pattern=pattern))) == ["hub_pattern"]


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com/upstream/{hub}/{category}/{event}",
        "http://localhost:8000/upstream/contoso/",
        "https://{hub}.example.com/",
        "https://a/?code={@Microsoft.KeyVault(SecretUri=https://vault1.vault.azure.net/secrets/s)}",
        "{@Microsoft.KeyVault(SecretUri=https://vault1.vault.azure.net/secrets/address)}",
    ],
)
def test_accepts_valid_url(instance: SignalRInstance, url: str) -> None:
    assert errors_of(template(instance, url_template=url)) == {}


@pytest.mark.parametrize(
    "url",
    [
        "app.example.com/upstream",
        "/upstream/",
        "ftp://app.example.com/",
        "https://",
        "https://app.example.com:port/",
        "https://app.example.com/a b",
        "https://app.example.com/{Hub}",
        "https://app.example.com/{user}",
        "https://app.example.com/{hub",
        "https://app.example.com/hub}",
        "https://a/?code={@Microsoft.KeyVault(SecretUri=https://example.com/)}",
        "https://[::1/",
    ],
)
def test_refuses_invalid_url(instance: SignalRInstance, url: str) -> None:
    assert list(errors_of(template(instance, url_template=url))) == ["url_template"]


@pytest.mark.parametrize(
    "resource",
    [
        "",
        "00000003-0000-0000-C000-000000000000",
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/",
        "HTTPS://Graph.Microsoft.com/v1.0",
        "https://graph.microsoft.us",
        "api://00000003-0000-0000-c000-000000000000",
        "graph.microsoft.com",
        "api://chat ",
        "api:// chat",
        "api://chat/.default",
    ],
)
def test_refuses_unverifiable_resource(instance: SignalRInstance, resource: str) -> None:
    assert list(errors_of(template(instance, resource=resource))) == ["resource"]


@pytest.mark.parametrize(
    "resource",
    ["api://chat", "2a9c4c2e-6a4f-4a5f-9f0e-0f1f2f3f4f5f", "https://chat.example.com/signalr"],
)
def test_accepts_resource_of_application(instance: SignalRInstance, resource: str) -> None:
    assert errors_of(template(instance, resource=resource)) == {}


def test_keeps_imported_resource_but_refuses_it_as_new(instance: SignalRInstance) -> None:
    imported = template(instance, resource="https://graph.microsoft.com")
    imported.save()
    imported.position = 7
    assert errors_of(imported) == {}
    imported.resource = "https://graph.microsoft.com/"
    assert list(errors_of(imported)) == ["resource"]


def test_unsigned_template_needs_no_resource(instance: SignalRInstance) -> None:
    assert errors_of(template(instance, auth_type="None", resource="")) == {}


def test_only_accepted_delivery_has_no_reason(instance: SignalRInstance) -> None:
    with pytest.raises(IntegrityError):
        Delivery.objects.create(
            instance=instance,
            received_at=timezone.now(),
            outcome="refused",
            status=401,
            duration_ms=1,
        )
