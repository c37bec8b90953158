"""Permissions of a caller: those of its roles, limited by its token's scope."""

from __future__ import annotations

from typing import Protocol, cast, runtime_checkable

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


@runtime_checkable
class Scoped(Protocol):
    """Credentials that allow less than the role of the user who holds them."""

    def allows(self, permission: str) -> bool:
        """Return whether the scope has the permission, written `app.action_model`."""


class RolePermission(BasePermission):
    """Requires the view's `reads` permission, or `writes` for methods that may change something.

    A view without the attribute refuses every caller.
    """

    message = "Your role or the scope of your token does not allow this request."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the caller may."""
        if not request.user.is_authenticated:
            return False
        name = "reads" if request.method in SAFE_METHODS else "writes"
        permission = cast("str | None", getattr(view, name, None))
        if not permission:
            return False
        return is_allowed(request, permission)


def is_allowed(request: Request, permission: str) -> bool:
    """Return whether the caller's role and the token's scope have the permission."""
    if isinstance(request.auth, Scoped) and not request.auth.allows(permission):
        return False
    return bool(request.user.has_perm(permission))
