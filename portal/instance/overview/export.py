"""The state of an instance as az commands, Bicep and Terraform, with what each cannot express.

Sources: `az signalr` of azure-cli 2.91, Bicep's Microsoft.SignalRService/signalR@2023-02-01, and
azurerm_signalr_service of the azurerm provider.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from arm.instance_state import IdentityState, InstanceState, TemplateState

_INDENT: Final = "  "


@dataclass(frozen=True, slots=True)
class Resource:
    """The name and place of the instance, and the properties that only its creation sets."""

    name: str
    resource_group: str
    location: str
    sku: str
    service_mode: str


@dataclass(frozen=True, slots=True)
class Export:
    """A state in the syntax of a tool; `limitations` name what the tool cannot express."""

    tool: str
    text: str
    limitations: tuple[str, ...]


def export(resource: Resource, state: InstanceState) -> tuple[Export, ...]:
    """Return the state as az commands, Bicep and Terraform."""
    return (
        Export("Azure CLI", "\n".join(_az(resource, state)), tuple(_az_limitations(state))),
        Export("Bicep", "\n".join(_bicep(resource, state)), tuple(_bicep_limitations(state))),
        Export(
            "Terraform",
            "\n".join(_terraform(resource, state)),
            tuple(_terraform_limitations(state)),
        ),
    )


# --- az -----------------------------------------------------------------------------------------


def _az(resource: Resource, state: InstanceState) -> Iterator[str]:
    name, group = shlex.quote(resource.name), shlex.quote(resource.resource_group)
    where = f"--name {name} --resource-group {group}"
    match state.identity.type:
        case "None":
            yield f"az signalr identity remove {where}"
        case "SystemAssigned":
            yield f"az signalr identity assign {where} --identity '[system]'"
        case "UserAssigned":
            identity = shlex.quote(str(state.identity.user_assigned_id))
            yield f"az signalr identity assign {where} --identity {identity}"
    if not state.templates:
        yield f"az signalr upstream clear {where}"
        return
    yield f"az signalr upstream update {where} \\"
    lines = [_az_template(each) for each in state.templates]
    yield " \\\n".join(f"{_INDENT}--template {line}" for line in lines)


def _az_template(template: TemplateState) -> str:
    pairs = {
        "url-template": template.url_template,
        "hub-pattern": template.hub_pattern,
        "category-pattern": template.category_pattern,
        "event-pattern": template.event_pattern,
    }
    return " ".join(shlex.quote(f"{key}={value}") for key, value in pairs.items())


def _az_limitations(state: InstanceState) -> Iterator[str]:
    if _signed(state):
        yield (
            "az signalr upstream update cannot set managed identity authentication and removes it "
            "from existing templates, so upstream requests are no longer signed."
        )
    yield (
        "az signalr commands that write also send default values: they turn access keys and public "
        "network access back on."
    )


# --- Bicep --------------------------------------------------------------------------------------


def _bicep(resource: Resource, state: InstanceState) -> Iterator[str]:
    yield "resource signalr 'Microsoft.SignalRService/signalR@2023-02-01' = {"
    yield f"  name: {_bicep_text(resource.name)}"
    yield f"  location: {_bicep_text(resource.location)}"
    if resource.sku:
        yield f"  sku: {{ name: {_bicep_text(resource.sku)} }}"
    yield "  kind: 'SignalR'"
    yield "  identity: {"
    yield f"    type: {_bicep_text(state.identity.type)}"
    if state.identity.user_assigned_id:
        key = _bicep_text(state.identity.user_assigned_id)
        yield f"    userAssignedIdentities: {{ {key}: {{}} }}"
    yield "  }"
    yield "  properties: {"
    if resource.service_mode:
        mode = _bicep_text(resource.service_mode)
        yield f"    features: [ {{ flag: 'ServiceMode', value: {mode} }} ]"
    yield "    upstream: {"
    yield "      templates: ["
    for template in state.templates:
        yield from _bicep_template(template)
    yield "      ]"
    yield "    }"
    yield "  }"
    yield "}"


def _bicep_template(template: TemplateState) -> Iterator[str]:
    yield "        {"
    yield f"          hubPattern: {_bicep_text(template.hub_pattern)}"
    yield f"          categoryPattern: {_bicep_text(template.category_pattern)}"
    yield f"          eventPattern: {_bicep_text(template.event_pattern)}"
    yield f"          urlTemplate: {_bicep_text(template.url_template)}"
    if template.auth_type != "None":
        audience = _bicep_text(template.resource or "")
        yield "          auth: {"
        yield f"            type: {_bicep_text(template.auth_type)}"
        yield f"            managedIdentity: {{ resource: {audience} }}"
        yield "          }"
    yield "        }"


def _bicep_text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"'{escaped}'"


def _bicep_limitations(_state: InstanceState) -> Iterator[str]:
    yield (
        "A deployment replaces the whole resource. Add properties that you set elsewhere, such as "
        "network rules and disableLocalAuth, or they are reset to their defaults."
    )
    yield (
        "The module avm/res/signal-r-service/signal-r accepts a system-assigned and a "
        "user-assigned identity together, but the service supports only one identity."
    )


# --- Terraform ----------------------------------------------------------------------------------

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_URL: Final = re.compile(r"https?://\S+")


def _terraform(resource: Resource, state: InstanceState) -> Iterator[str]:
    yield 'resource "azurerm_signalr_service" "this" {'
    yield f"  name                = {_hcl(resource.name)}"
    yield f"  resource_group_name = {_hcl(resource.resource_group)}"
    yield f"  location            = {_hcl(resource.location)}"
    if resource.service_mode:
        yield f"  service_mode        = {_hcl(resource.service_mode)}"
    if resource.sku:
        yield "  sku {"
        yield f"    name     = {_hcl(resource.sku)}"
        yield "    capacity = 1"
        yield "  }"
    yield from _terraform_identity(state.identity)
    for template in state.templates:
        yield from _terraform_template(template)
    yield "}"


def _terraform_identity(identity: IdentityState) -> Iterator[str]:
    if identity.type == "None":
        return
    yield "  identity {"
    yield f"    type = {_hcl(identity.type)}"
    if identity.user_assigned_id:
        yield f"    identity_ids = [{_hcl(identity.user_assigned_id)}]"
    yield "  }"


def _terraform_template(template: TemplateState) -> Iterator[str]:
    yield "  upstream_endpoint {"
    yield f"    hub_pattern      = {_hcl_list(template.hub_pattern)}"
    yield f"    category_pattern = {_hcl_list(template.category_pattern)}"
    yield f"    event_pattern    = {_hcl_list(template.event_pattern)}"
    yield f"    url_template     = {_hcl(template.url_template)}"
    if template.auth_type != "None" and _UUID.fullmatch(template.resource or ""):
        yield "    # Misnamed by the provider: this is the resource (audience) of the token."
        yield f"    user_assigned_identity_id = {_hcl(template.resource or '')}"
    yield "  }"


def _hcl(value: str) -> str:
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _hcl_list(pattern: str) -> str:
    return f"[{', '.join(_hcl(part.strip()) for part in pattern.split(','))}]"


def _terraform_limitations(state: InstanceState) -> Iterator[str]:
    if len(state.templates) > 1:
        yield (
            "upstream_endpoint is a set, so the order of the templates, which decides where an "
            "event is sent, is lost."
        )
    resources = {each.resource or "none" for each in _signed(state)}
    if missing := {each for each in resources if not _UUID.fullmatch(each)}:
        yield (
            "The provider accepts only a UUID as the resource. These resources are left out, so "
            f"the requests would not be signed: {', '.join(sorted(missing))}."
        )
    if any(not _URL.fullmatch(each.url_template) for each in state.templates):
        yield (
            "The provider refuses a URL template that begins with a Key Vault reference: it must "
            "begin with http:// or https://."
        )


def _signed(state: InstanceState) -> Iterable[TemplateState]:
    return [each for each in state.templates if each.auth_type == "ManagedIdentity"]
