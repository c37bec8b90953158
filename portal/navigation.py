"""What frames every page: the pill that says which Azure this is, and the sidebar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def environment(_request: HttpRequest) -> list[str]:
    """Return the pill in the portal's corner: which Azure this is, and its colour."""
    name: str = settings.SIGNALMAN_AZURE_NAME
    return [name, "info" if name == "Local Azure" else "danger"]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the groups of the sidebar; a group of which this person may see nothing is left out.

    The form is unfold's `SIDEBAR.navigation`.
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
                _item("Connect Azure", "power", "portal:connect"),
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
                _of("accounts.personalaccesstoken", "Everybody's tokens", "key"),
            ],
        },
    ]
    return [group for group in groups if any(_is_seen(item, request) for item in group["items"])]


def _item(title: str, icon: str, view: str) -> dict[str, Any]:
    link = reverse(view)
    return {"title": title, "icon": icon, "link": link, "active": lambda r: r.path == link}


def _of(model: str, title: str, icon: str, *, also: str = "") -> dict[str, Any]:
    """Return the item of a model's list, for those who may see its rows."""
    app, _, name = model.partition(".")
    link = reverse(f"admin:{app}_{name}_changelist")
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "permission": _permits(f"{app}.view_{name}"),
        # Told apart by us: unfold's own guess marks two items at once.
        "active": lambda request: request.path.startswith(tuple(filter(None, (link, also)))),
    }


def _permits(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _is_seen(item: dict[str, Any], request: HttpRequest) -> bool:
    return bool(item.get("permission", lambda _request: True)(request))
