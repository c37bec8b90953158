"""Django's registration of the room."""

from __future__ import annotations

from django.apps import AppConfig


class ValidationConfig(AppConfig):
    """Tokens."""

    name = "validation"
    verbose_name = "Tokens"
