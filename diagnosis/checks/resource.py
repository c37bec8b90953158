"""Which kind of resource a template requests tokens for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from arm.state import TemplateState
from diagnosis.context import Context
from diagnosis.findings import Finding, failed
from identities.models import SignalRInstance
from upstreams.data_planes import DATA_PLANES, data_planes_at

_IDENTITY_ID: Final = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"(microsoft\.managedidentity/userassignedidentities|microsoft\.signalrservice/signalr)/[^/]+",
    re.IGNORECASE,
)
# Azure Resource Manager in the public cloud, by both of its audiences.
_MANAGEMENT: Final = frozenset(
    {"https://management.azure.com", "https://management.core.windows.net"}
)
_FIX: Final = (
    "Use the client ID or the Application ID URI of the app registration that represents the "
    "receiver; manage.py applications lists those of the tenant."
)


def check_resource(index: int, template: TemplateState, context: Context) -> Iterator[Finding]:
    """Report a resource that no receiver can be represented by.

    Such are the identity itself (Terraform's `user_assigned_identity_id` is written to this field)
    and Azure's own services, unless the URL leads to that service.
    """
    resource = (template.resource or "").strip().rstrip("/")
    if template.auth_type != "ManagedIdentity" or not resource:
        return
    key = f"templates[{index}].resource"
    title = f"Template {index + 1} requests tokens for its receiver"
    if what := _identity_part(resource, context.instance):
        yield failed(
            key,
            title,
            f"Its resource is {what}. A resource names the receiver of the token, not its sender.",
            _FIX,
        )
    elif resource.lower() in _MANAGEMENT:
        yield failed(key, title, "Its resource is Azure Resource Manager, not a receiver.", _FIX)
    elif not data_planes_at(template.url_template) and (service := _data_plane(resource)):
        yield failed(
            key, title, f"Its resource is that of {service}, and its URL leads elsewhere.", _FIX
        )


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


def _data_plane(resource: str) -> str:
    """Return the Azure service that requires `resource`; empty where none does."""
    for plane in DATA_PLANES:
        if plane.resource.rstrip("/").lower() == resource.lower():
            return plane.service
    return ""
