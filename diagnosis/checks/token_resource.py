"""Which kind of resource a template requests tokens for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from arm.instance_state import TemplateState
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from identities.models import SignalRInstance
from upstreams.models import TokenResource
from upstreams.token_requests import resources as token_resources
from upstreams.token_requests.data_planes import data_planes_at, service_of
from upstreams.token_requests.versions import VERSION_SETTING

_IDENTITY_ID: Final = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"(microsoft\.managedidentity/userassignedidentities|microsoft\.signalrservice/signalr)/[^/]+",
    re.IGNORECASE,
)
_FIX: Final = (
    "Use the client ID or the Application ID URI of the app registration that represents the "
    "receiver. manage.py applications lists the app registrations of the tenant."
)
PERMISSION_FIX: Final = (
    "Grant Signalman's credential the Microsoft Graph application permission "
    "Application.Read.All. Then refresh the instance: manage.py drift {instance}"
)
_NOT_FOUND: Final = (
    "Microsoft Entra does not issue tokens for it (AADSTS500011: the resource principal was not "
    "found in the tenant), so the service cannot sign the requests."
)
_Kind = TokenResource.Kind


def check_resource(index: int, template: TemplateState, context: Context) -> Iterator[Finding]:
    """Check that the resource of a template is an application that can represent a receiver.

    These cannot: the identity itself (Terraform's `user_assigned_identity_id` is written to this
    field), a service of Microsoft unless the URL is one of that service, and an unknown name.
    """
    resource = (template.resource or "").strip().rstrip("/")
    if template.auth_type != "ManagedIdentity" or token_resources.problem(template.resource or ""):
        return
    key = f"templates[{index}].resource"
    title = f"Template {index + 1} requests tokens for its receiver"
    if what := _identity_part(resource, context.instance):
        yield failed(
            key,
            title,
            f"The resource is {what}. It must be the receiver of the token, not the sender.",
            _FIX,
        )
    elif data_planes_at(template.url_template):
        # Compared with what the service requires.
        return
    elif service := service_of(resource):
        yield failed(
            key,
            title,
            f"The resource is that of {service}, but the URL is not a URL of that service.",
            _FIX,
        )
    else:
        yield _by_directory(key, title, template, context)


def _by_directory(key: str, title: str, template: TemplateState, context: Context) -> Finding:
    """Judge a resource by what it names in the tenant."""
    row = context.resources.get(template.resource or "")
    if row is None or row.kind == _Kind.UNKNOWN or row.checked_at is None:
        why = (row and row.problem) or "It has not been read from Microsoft Graph."
        return unknown(
            key,
            title,
            f"Signalman does not know which application {template.resource} is. {why}",
            PERMISSION_FIX.format(instance=context.instance),
        )
    what = _described(row)
    match row.kind:
        case _Kind.APPLICATION:
            version = (row.token_version or "")[:1]
            return passed(key, title, f"{what} Entra issues v{version} tokens for it.")
        case _Kind.OTHER_TENANT:
            return unknown(
                key,
                title,
                f"{what} The version of its tokens cannot be read from this tenant.",
                f"Ask the owner of the application for {VERSION_SETTING}, or use an app "
                "registration of this tenant.",
            )
        case _Kind.NO_PRINCIPAL:
            fix = f"Create its service principal: az ad sp create --id {row.client_id}"
            return failed(key, title, f"{what} {_NOT_FOUND}", fix)
        case _Kind.ABSENT:
            return failed(key, title, f"{what} {_NOT_FOUND}", _FIX)
        case _:
            return failed(key, title, what, _FIX)


def _described(row: TokenResource) -> str:
    """Return what the resource names, and as of when."""
    name = f" {row.display_name}" if row.display_name else ""
    what = {
        _Kind.APPLICATION: f"The resource is the application{name} of the tenant",
        _Kind.OTHER_TENANT: f"The resource is the application{name} of another tenant",
        _Kind.NO_PRINCIPAL: f"The resource is the application{name}, which has no service "
        "principal",
        _Kind.MICROSOFT: f"The resource is{name or ' an application'}, a Microsoft service and not "
        "a receiver",
        _Kind.MANAGED_IDENTITY: f"The resource is the managed identity{name}, which sends tokens "
        "and does not receive them",
        _Kind.ABSENT: f"The tenant has no application or service with the ID {row.resource}",
    }[TokenResource.Kind(row.kind)]
    return f"{what}, as of {row.read_at:%Y-%m-%d %H:%M} UTC."


def _identity_part(resource: str, instance: SignalRInstance) -> str:
    """Return which ID of an identity `resource` is; empty where it is none."""
    if _IDENTITY_ID.fullmatch(resource):
        return "the resource ID of an identity"
    bare = resource.lower().removeprefix("api://")
    identity, user_assigned = instance.identity, instance.identity.user_assigned
    principals = {identity.principal_id, user_assigned and user_assigned.principal_id}
    if bare in {str(each) for each in principals if each}:
        return "the principal ID of the instance's identity"
    if user_assigned and user_assigned.client_id and bare == str(user_assigned.client_id):
        return "the client ID of the instance's identity"
    return ""
