"""An instance's state in the words of other tools, and what each of them cannot say.

Each is Microsoft's or HashiCorp's own form: `az signalr` of azure-cli 2.91, Bicep's
Microsoft.SignalRService/signalR@2023-02-01, and azurerm_signalr_service of the azurerm provider.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from arm.state import IdentityState, InstanceState, TemplateState

_INDENT: Final = "  "


@dataclass(frozen=True, slots=True)
class Place:
    """Where the instance is, and what can be said only when it is made."""

    name: str
    resource_group: str
    location: str
    sku: str
    service_mode: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """A state as text of a tool, and in sentences what of it the text cannot hold."""

    tool: str
    text: str
    cannot: tuple[str, ...]


def snippets(place: Place, state: InstanceState) -> tuple[Snippet, ...]:
    """Return the state for az, Bicep and Terraform."""
    return (
        Snippet("Azure CLI", "\n".join(_az(place, state)), tuple(_az_cannot(state))),
        Snippet("Bicep", "\n".join(_bicep(place, state)), tuple(_bicep_cannot(state))),
        Snippet("Terraform", "\n".join(_terraform(place, state)), tuple(_terraform_cannot(state))),
    )


# --- az -----------------------------------------------------------------------------------------


def _az(place: Place, state: InstanceState) -> Iterator[str]:
    where = f"--name {shlex.quote(place.name)} --resource-group {shlex.quote(place.resource_group)}"
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


def _az_cannot(state: InstanceState) -> Iterator[str]:
    if _signed(state):
        yield (
            "az signalr upstream update has no word for managed-identity authentication, and wipes "
            "what is there: requests go unsigned after it."
        )
    yield (
        "Every write of az signalr also sends defaults: access keys and the public network are "
        "switched on again where they were off."
    )


# --- Bicep --------------------------------------------------------------------------------------


def _bicep(place: Place, state: InstanceState) -> Iterator[str]:
    yield "resource signalr 'Microsoft.SignalRService/signalR@2023-02-01' = {"
    yield f"  name: {_bicep_text(place.name)}"
    yield f"  location: {_bicep_text(place.location)}"
    if place.sku:
        yield f"  sku: {{ name: {_bicep_text(place.sku)} }}"
    yield "  kind: 'SignalR'"
    yield "  identity: {"
    yield f"    type: {_bicep_text(state.identity.type)}"
    if state.identity.user_assigned_id:
        key = _bicep_text(state.identity.user_assigned_id)
        yield f"    userAssignedIdentities: {{ {key}: {{}} }}"
    yield "  }"
    yield "  properties: {"
    if place.service_mode:
        mode = _bicep_text(place.service_mode)
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
        resource = _bicep_text(template.resource or "")
        yield "          auth: {"
        yield f"            type: {_bicep_text(template.auth_type)}"
        yield f"            managedIdentity: {{ resource: {resource} }}"
        yield "          }"
    yield "        }"


def _bicep_text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${")
    return f"'{escaped}'"


def _bicep_cannot(_state: InstanceState) -> Iterator[str]:
    yield (
        "A deployment replaces the whole resource: put in what you set elsewhere, as network rules "
        "and disableLocalAuth, or it goes back to its default."
    )
    yield (
        "The module avm/res/signal-r-service/signal-r takes a system-assigned and a user-assigned "
        "identity together, which the service refuses: it has one."
    )


# --- Terraform ----------------------------------------------------------------------------------

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_URL: Final = re.compile(r"https?://\S+")


def _terraform(place: Place, state: InstanceState) -> Iterator[str]:
    yield 'resource "azurerm_signalr_service" "this" {'
    yield f"  name                = {_hcl(place.name)}"
    yield f"  resource_group_name = {_hcl(place.resource_group)}"
    yield f"  location            = {_hcl(place.location)}"
    if place.service_mode:
        yield f"  service_mode        = {_hcl(place.service_mode)}"
    if place.sku:
        yield "  sku {"
        yield f"    name     = {_hcl(place.sku)}"
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
        yield "    # Misnamed by the provider: it is the resource that the token is for."
        yield f"    user_assigned_identity_id = {_hcl(template.resource or '')}"
    yield "  }"


def _hcl(value: str) -> str:
    return json.dumps(value).replace("${", "$${").replace("%{", "%%{")


def _hcl_list(pattern: str) -> str:
    return f"[{', '.join(_hcl(part.strip()) for part in pattern.split(','))}]"


def _terraform_cannot(state: InstanceState) -> Iterator[str]:
    if len(state.templates) > 1:
        yield (
            "upstream_endpoint is a set: the order of templates, which decides where an event "
            "goes, is lost."
        )
    odd = [each for each in _signed(state) if not _UUID.fullmatch(each.resource or "")]
    if odd:
        yield (
            "A resource must be a UUID there, so these are left out and their requests would go "
            f"unsigned: {', '.join(sorted({each.resource or 'none' for each in odd}))}."
        )
    if any(not _URL.fullmatch(each.url_template) for each in state.templates):
        yield "A URL template that begins with a Key Vault reference is refused: it must be http."


def _signed(state: InstanceState) -> Iterable[TemplateState]:
    return [each for each in state.templates if each.auth_type == "ManagedIdentity"]
