"""Django's registration of the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate

from accounts.roles import grant_permissions
from accounts.sign_in.configuration import check


class AccountsConfig(AppConfig):
    """Users, roles and personal access tokens."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Register the system check, and update the groups of the roles after migrations."""
        # Registered by being imported.
        from accounts.api import openapi_authentication  # noqa: F401, PLC0415
        from accounts.sign_in import session_duration, sign_in_log  # noqa: F401, PLC0415

        register(check)
        post_migrate.connect(grant_permissions, dispatch_uid="accounts.roles")
