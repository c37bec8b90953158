"""The portal's pages on people, roles and personal access tokens."""

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
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.models import PersonalAccessToken

# Who may sign in, and with which application, is said by the environment and by Entra alone.
admin.site.unregister([EmailAddress, SocialAccount, SocialApp, SocialToken])
admin.site.unregister([User, Group])


@admin.register(User)
class PersonAdmin(UserAdmin[User], ModelAdmin):  # type: ignore[misc]  # their stubs disagree
    """People who may sign in. What they may do comes from their roles, never from one permission.

    The roles of those who sign in with Microsoft Entra are set anew at every sign-in.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "is_active", "is_superuser", "last_login"]
    list_filter = ["groups", "is_active", "is_superuser"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Roles", {"fields": ["groups", "is_active", "is_staff", "is_superuser"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Show the few roles as boxes to tick."""
        kwargs["widget"] = CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Group)
class RoleAdmin(ModelAdmin):
    """The roles, which migrations make: to look at."""

    list_display = ["name"]
    fields = ["name"]

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no."""
        return False


@admin.register(PersonalAccessToken)
class PersonalAccessTokenAdmin(ModelAdmin):
    """People make their own on a page of the portal; `manage.py create_token` makes anybody's."""

    list_display = ["name", "user", "prefix", "scope", "expires_at", "last_used_at", "revoked_at"]
    list_filter = ["scope", "user"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__username"]
    exclude = ["digest"]
    actions = ["revoke"]

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, request: HttpRequest, row: Model | None = None) -> bool:
        """Say yes for the list, whose action revokes, and no for a token's own page."""
        return row is None and super().has_change_permission(request)

    def has_delete_permission(self, _request: HttpRequest, _row: Model | None = None) -> bool:
        """Say no: a revoked token stays on record."""
        return False

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, rows: QuerySet[PersonalAccessToken]) -> None:
        """Let the chosen tokens open nothing from now on."""
        for row in rows:
            row.revoke()
        self.message_user(request, f"Revoked: {', '.join(map(str, rows))}.")
