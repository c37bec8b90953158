"""The portal's page on personal access tokens: to look at and to revoke."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.models import PersonalAccessToken

# Who may sign in, and with which application, is said by the environment and by Entra alone.
admin.site.unregister([EmailAddress, SocialAccount, SocialApp, SocialToken])


@admin.register(PersonalAccessToken)
class PersonalAccessTokenAdmin(ModelAdmin):
    """Tokens are made by `manage.py create_token`, which shows their text once."""

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
