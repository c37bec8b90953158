"""What a caller may do: the permissions of its roles, and no more than its token's scope."""

from __future__ import annotations

from typing import cast

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import PersonalAccessToken


class RolePermission(BasePermission):
    """Asks for the view's `reads` permission, or for its `writes` where the method may change.

    A view that has none refuses everybody.
    """

    message = "Your role, or your token's scope, does not allow this."

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
    if isinstance(request.auth, PersonalAccessToken) and not request.auth.allows(permission):
        return False
    return bool(request.user.has_perm(permission))
