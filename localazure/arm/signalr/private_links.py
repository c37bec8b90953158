"""Shared private links: private endpoints inside the service to one resource each.

Source: Microsoft's "Secure Azure SignalR outbound traffic through shared private endpoints": a link
works once it is `Approved`.
"""

from __future__ import annotations

import re
from typing import Any

from localazure.arm.resources import Resource, Resources
from localazure.arm.signalr.shape import TYPE

_SLOT = re.compile("/slots/", re.IGNORECASE)


def has_link(resources: Resources, service: Resource, target: Resource) -> bool:
    """Return whether the service has an approved shared private link to a resource.

    A link to a slot names its site, and the slot in `groupId`.
    """
    site, *slot = _SLOT.split(target.id.lower())
    group = f"sites-{slot[0]}" if slot else None
    return any(
        str(link.get("privateLinkResourceId", "")).lower() == site
        and str(link.get("status", "")).lower() == "approved"
        and _is_group(str(link.get("groupId") or "").lower(), group)
        for link in _links(resources, service)
    )


def _links(resources: Resources, service: Resource) -> list[dict[str, Any]]:
    """Return the properties of the seeded links and of those that are resources of their own."""
    seeded = service.document["properties"].get("sharedPrivateLinkResources") or []
    created = resources.of_type(f"{TYPE}/sharedPrivateLinkResources", service.id)
    return [one["properties"] for one in (*seeded, *(each.document for each in created))]


def _is_group(given: str, slot: str | None) -> bool:
    return given == slot if slot else not given.startswith("sites-")
