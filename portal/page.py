"""The base of every portal page: permissions, title and the admin's layout."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.views.generic import TemplateView

from accounts.actor import Actor


class PortalPage(PermissionRequiredMixin, TemplateView):
    """A page in the admin's layout.

    A subclass sets `template_name`, `title`, `permission_required` to view the page, and
    `permission_to_change` to POST. A page without `post` answers a POST with 405. A GET changes
    nothing.
    """

    title: ClassVar[str]
    permission_required = "identities.view_signalrinstance"
    permission_to_change: ClassVar[str] = "identities.change_signalrinstance"
    # A signed-in user without the permission gets 403, not the sign-in page.
    raise_exception = True

    def get_permission_required(self) -> list[str]:
        """Return the permission to view and, for a POST, that to change."""
        needed = [str(name) for name in super().get_permission_required()]
        if self.request.method == "POST":
            needed.append(self.permission_to_change)
        return needed

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the admin's context, the title and whether the user may change something here."""
        self.request.current_app = admin.site.name
        return super().get_context_data(
            **admin.site.each_context(self.request),
            title=self.title,
            may_change=self.request.user.has_perm(self.permission_to_change),
            **kwargs,
        )

    @classmethod
    def view(cls, **initial: Any) -> Any:
        """Return the view for staff; other users are redirected to the sign-in page."""
        return admin.site.admin_view(cls.as_view(**initial))


def who(request: HttpRequest) -> str:
    """Return the name that the audit trail records for `request`."""
    return request.user.get_username()


def actor_of(request: HttpRequest) -> Actor:
    """Return the user of `request` as an actor."""
    user = request.user
    return Actor(who(request), user if isinstance(user, User) else None)


def is_fragment(request: HttpRequest) -> bool:
    """Return whether htmx requests a part of a page."""
    return request.headers.get("HX-Request") == "true"
