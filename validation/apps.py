"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class ValidationConfig(AppConfig):
    """Tokens."""

    name = "validation"
    verbose_name = "Tokens"

    def ready(self) -> None:
        """Register the system checks."""
        from validation.system_checks import check_configuration  # noqa: PLC0415

        register(check_configuration, Tags.security)
