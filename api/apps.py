"""Django's registration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """What every REST view shares."""

    name = "api"
    verbose_name = "API"
