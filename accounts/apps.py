"""Django's registration of the room."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate

from accounts.roles import grant_permissions
from accounts.sign_in.configuration import check


class AccountsConfig(AppConfig):
    """Callers and what they may do."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Keep the groups of the roles as the code has them, and look at what is configured."""
        from accounts.api import schemes  # noqa: F401, PLC0415  registered by being imported

        register(check)
        post_migrate.connect(grant_permissions, dispatch_uid="accounts.roles")
