"""The three roles, which are Django groups: viewers, operators and administrators."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps

# Apps of the fleet. Django's own users, groups and sessions are for administrators only.
FLEET: Final = frozenset({"identities", "upstreams", "sync"})


class Role(StrEnum):
    """A role of users and applications. The values are the names of the groups."""

    VIEWER = "viewers"
    OPERATOR = "operators"
    ADMINISTRATOR = "administrators"

    def allows(self, permission: str) -> bool:
        """Return whether the role has the permission, written `app.action_model`."""
        app, _, codename = permission.partition(".")
        if self is Role.ADMINISTRATOR:
            return True
        if app not in FLEET:
            return False
        return self is Role.OPERATOR or codename.startswith("view_")


# The app roles of the registrations in Entra, for sign-in and for the API.
APP_ROLES: Final = {
    "Fleet.Reader": Role.VIEWER,
    "Fleet.Operator": Role.OPERATOR,
    "Fleet.Admin": Role.ADMINISTRATOR,
}


def roles_of(claims: Mapping[str, Any]) -> frozenset[Role]:
    """Return the roles for the app roles of a token; unknown ones are ignored."""
    names = claims.get("roles", [])
    assigned = names if isinstance(names, list) else []
    return frozenset(APP_ROLES[name] for name in assigned if name in APP_ROLES)


def grant_permissions(
    sender: AppConfig, using: str = "default", apps: Apps = installed, **_options: Any
) -> None:
    """Give each group the permissions of its role in the app that was just migrated.

    Runs after every migration, because Django creates permissions only then. Permissions that an
    installation added to a group are kept.
    """
    try:
        groups = apps.get_model("auth", "Group").objects.using(using)
        permissions = apps.get_model("auth", "Permission").objects.using(using)
    except LookupError:
        # Django's own users are not migrated yet.
        return
    found = [
        (f"{sender.label}.{row.codename}", row)
        for row in permissions.filter(content_type__app_label=sender.label)
    ]
    for role in Role:
        group, _ = groups.get_or_create(name=role.value)
        group.permissions.add(*(row for name, row in found if role.allows(name)))
