"""The sidebar, the label of the Azure environment, and links into the Azure portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from identities.models import SignalRInstance


def environment(_request: HttpRequest) -> list[str]:
    """Return the name of the Azure environment and the colour of its label."""
    name: str = settings.SIGNALMAN_AZURE_NAME
    return [name, "info" if name == "Local Azure" else "danger"]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the sidebar that have an item for this user.

    The structure is that of unfold's `SIDEBAR.navigation`.
    """
    groups: list[dict[str, Any]] = [
        {
            "title": "Fleet",
            "items": [
                _item("Dashboard", "dashboard", "admin:index"),
                _of("identities.signalrinstance", "Instances", "hub", also="/admin/instances/"),
                _of("identities.userassignedidentity", "User-assigned identities", "badge"),
                _of("upstreams.functionapp", "Function Apps", "bolt"),
                _of("identities.keyvault", "Key vaults", "encrypted"),
                _of("identities.subscription", "Subscriptions", "credit_card"),
                _item("Connect to Azure", "power", "portal:connect"),
            ],
        },
        {
            "title": "Activity",
            "items": [
                _of(
                    "sync.operation",
                    "Operations",
                    "published_with_changes",
                    also="/admin/operations/",
                ),
                _of("upstreams.delivery", "Deliveries", "move_to_inbox"),
                _item("Token inspector", "frame_inspect", "portal:token-inspector"),
                _of("sync.desiredrevision", "History", "history"),
                _of("sync.auditevent", "Audit trail", "fact_check"),
            ],
        },
        {
            "title": "Administration",
            "separator": True,
            "items": [
                _item("Your access tokens", "vpn_key", "portal:access-tokens"),
                _of("auth.user", "Users", "person"),
                _of("auth.group", "Roles", "group"),
                _of("accounts.personalaccesstoken", "All access tokens", "key"),
            ],
        },
    ]
    return [group for group in groups if any(_is_visible(item, request) for item in group["items"])]


def _item(title: str, icon: str, view: str) -> dict[str, Any]:
    link = reverse(view)
    return {"title": title, "icon": icon, "link": link, "active": lambda r: r.path == link}


def _of(model: str, title: str, icon: str, *, also: str = "") -> dict[str, Any]:
    """Return the item of a model's list, for users who may view its rows."""
    app, _, name = model.partition(".")
    link = reverse(f"admin:{app}_{name}_changelist")
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "permission": _permits(f"{app}.view_{name}"),
        # unfold's own rule marks two items as active at once.
        "active": lambda request: request.path.startswith(tuple(filter(None, (link, also)))),
    }


def _permits(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _is_visible(item: dict[str, Any], request: HttpRequest) -> bool:
    return bool(item.get("permission", lambda _request: True)(request))


def azure_portal_link(instance: SignalRInstance) -> str:
    """Return the URL of the instance in the Azure portal; empty with Local Azure, which has none.

    The form is `<portal>/#@<tenant>/resource<ARM id>`, as in
    https://learn.microsoft.com/azure/azure-portal/azure-portal-dashboard-share-access.
    """
    portal: str = settings.SIGNALMAN_AZURE_PORTAL
    if not portal:
        return ""
    return f"{portal}/#@{instance.subscription.tenant_id}/resource{instance.arm_id}"
