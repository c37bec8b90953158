"""The three roles, which are Django groups: viewers, operators and administrators."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps

# What the roles are about; Django's own users, groups and sessions are administrators' alone.
FLEET: Final = frozenset({"identities", "upstreams", "sync"})


class Role(StrEnum):
    """What a caller may do. The values are the names of the groups."""

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


def grant_permissions(
    sender: AppConfig, using: str = "default", apps: Apps = installed, **_options: Any
) -> None:
    """Give each group what its role allows of the app that was just migrated.

    After every migration, because Django makes the permissions only then. What an installation
    gave a group besides stays.
    """
    try:
        groups = apps.get_model("auth", "Group").objects.using(using)
        permissions = apps.get_model("auth", "Permission").objects.using(using)
    except LookupError:
        # Migrated no further than before Django's own users.
        return
    found = [
        (f"{sender.label}.{row.codename}", row)
        for row in permissions.filter(content_type__app_label=sender.label)
    ]
    for role in Role:
        group, _ = groups.get_or_create(name=role.value)
        group.permissions.add(*(row for name, row in found if role.allows(name)))
