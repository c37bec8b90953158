"""Exports as az commands, Bicep and Terraform."""

from __future__ import annotations

import json
import shlex

from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import Role
from arm.instance_state import IdentityState, InstanceState, TemplateState
from identities.models import SignalRInstance
from portal.instance.overview.export import Export, Resource, export
from tests.portal.conftest import SignIn
from upstreams.models import UpstreamTemplate

RESOURCE = Resource("contoso-chat", "rg", "westeurope", "Standard_S1", "Serverless")
SIGNED = TemplateState("https://a.example/x", auth_type="ManagedIdentity", resource="api://chat")
PLAIN = TemplateState("https://b.example/x")


def of(tool: str, *templates: TemplateState, resource: Resource = RESOURCE) -> Export:
    """Return the export for a tool for a system-assigned instance with these templates."""
    state = InstanceState(IdentityState("SystemAssigned"), templates)
    return next(each for each in export(resource, state) if each.tool == tool)


def test_az_reports_that_it_cannot_sign() -> None:
    exported = of("Azure CLI", SIGNED)
    assert "api://chat" not in exported.text
    assert any("no longer signed" in text for text in exported.limitations)
    assert not any("no longer signed" in each for each in of("Azure CLI", PLAIN).limitations)


def test_terraform_reports_lost_order() -> None:
    assert any("order" in text for text in of("Terraform", PLAIN, SIGNED).limitations)
    assert not any("order" in text for text in of("Terraform", PLAIN).limitations)


def test_terraform_exports_only_uuid_resources() -> None:
    uuid = "11111111-2222-4333-8444-555555555555"
    signed = TemplateState("https://a.example", auth_type="ManagedIdentity", resource=uuid)
    assert f'user_assigned_identity_id = "{uuid}"' in of("Terraform", signed).text
    assert "user_assigned_identity_id" not in of("Terraform", SIGNED).text


def test_bicep_exports_the_resource() -> None:
    assert "managedIdentity: { resource: 'api://chat' }" in of("Bicep", SIGNED).text


def test_every_export_names_the_user_assigned_identity() -> None:
    identity = "/subscriptions/s/resourcegroups/rg/providers/microsoft.managedidentity/x/y"
    state = InstanceState(IdentityState("UserAssigned", identity))
    assert all(identity in each.text for each in export(RESOURCE, state))


ADDRESSES = st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), min_size=1)


@given(ADDRESSES)
def test_az_quotes_any_url(address: str) -> None:
    words = shlex.split(of("Azure CLI", TemplateState(address)).text.replace("\\\n", ""))
    assert f"url-template={address}" in words


@given(ADDRESSES)
def test_terraform_quotes_any_url(address: str) -> None:
    text = of("Terraform", TemplateState(address)).text
    (line,) = (line for line in text.split("\n") if "url_template" in line)
    written = json.loads(line.split("= ", 1)[1])
    # HCL reads a doubled sign before a brace as that sign.
    assert written == address.replace("${", "$${").replace("%{", "%%{")


def test_redacts_keys_in_urls(sign_in: SignIn, instance: SignalRInstance) -> None:
    UpstreamTemplate.objects.create(
        instance=instance, url_template="https://f.example/api?code=sesame-0123456789abcdef"
    )
    page = sign_in(Role.VIEWER).get(f"/admin/instances/{instance}/").content.decode()
    assert "https://f.example/api?code=" in page
    assert "sesame" not in page
