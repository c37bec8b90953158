"""What every page of the portal has: a permission, a title and the admin's frame."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpRequest
from django.views.generic import TemplateView


class PortalPage(PermissionRequiredMixin, TemplateView):
    """A page inside the admin's frame.

    A subclass names its `template_name`, its `title`, the permission to see it and, where it
    changes anything, the permission to `post`. A page that is only looked at has no `post`, so that
    Django answers 405; nothing changes on a GET.
    """

    title: ClassVar[str]
    permission_required = "identities.view_signalrinstance"
    permission_to_change: ClassVar[str] = "identities.change_signalrinstance"
    # Somebody who is signed in and may not is told so, and not asked to sign in again.
    raise_exception = True

    def get_permission_required(self) -> list[str]:
        """Return what to see, and for a POST also what to change the page takes."""
        needed = [str(name) for name in super().get_permission_required()]
        if self.request.method == "POST":
            needed.append(self.permission_to_change)
        return needed

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the admin's frame, the title and whether this person may change anything here."""
        self.request.current_app = admin.site.name
        return super().get_context_data(
            **admin.site.each_context(self.request),
            title=self.title,
            may_change=self.request.user.has_perm(self.permission_to_change),
            **kwargs,
        )

    @classmethod
    def view(cls, **initial: Any) -> Any:
        """Return the view, for staff alone: others are led to the sign-in page."""
        return admin.site.admin_view(cls.as_view(**initial))


def who(request: HttpRequest) -> str:
    """Return the name under which what `request` asks for goes on record."""
    return request.user.get_username()


def is_fragment(request: HttpRequest) -> bool:
    """Return whether htmx asks, for a part of a page."""
    return request.headers.get("HX-Request") == "true"
