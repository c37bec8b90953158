"""Admin of users, roles and personal access tokens."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import ManyToManyField, Model, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import PersonalAccessToken
from portal.admin.base import Empty, RowsAdmin

# The environment and Entra configure sign-in.
admin.site.unregister([EmailAddress, SocialAccount, SocialApp, SocialToken])
admin.site.unregister([User, Group])


@admin.register(User)
class AccountAdmin(UserAdmin[User], RowsAdmin):  # type: ignore[misc]  # their stubs disagree
    """Users. Their permissions come from roles only.

    The roles of Entra users are set again at every sign-in.
    """

    empty = Empty("No users yet", "Users of Microsoft Entra appear here once they have signed in.")
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "is_active", "is_superuser", "last_login"]
    list_filter = ["groups", "is_active", "is_superuser"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("User", {"fields": ["first_name", "last_name", "email"]}),
        ("Roles", {"fields": ["groups", "is_active", "is_staff", "is_superuser"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Show the roles as checkboxes."""
        kwargs["widget"] = CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Group)
class RoleAdmin(RowsAdmin):
    """The roles, which migrations create: read-only."""

    empty = Empty("No roles yet", "The migrations create the roles: run manage.py migrate.")
    list_display = ["name"]
    fields = ["name"]

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse."""
        return False


@admin.register(PersonalAccessToken)
class PersonalAccessTokenAdmin(RowsAdmin):
    """Personal access tokens. Users create their own under *Your access tokens*."""

    empty = Empty(
        "No personal access tokens yet",
        "Users create their own tokens.",
        "portal:access-tokens",
        "Your access tokens",
    )
    list_display = ["name", "user", "prefix", "scope", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["scope", "user"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__username"]
    exclude = ["digest"]
    actions = ["revoke"]

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, row: Model | None = None) -> bool:
        """Allow the list, whose action revokes tokens, and not a token's own page."""
        return row is None and super().has_change_permission(request)

    def has_delete_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Refuse: the list of tokens includes the revoked ones."""
        return False

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, rows: QuerySet[PersonalAccessToken]) -> None:
        """Revoke the selected tokens."""
        for row in rows:
            row.revoke()
        self.message_user(request, f"Revoked: {', '.join(map(str, rows))}.")
