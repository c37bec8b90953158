"""Django's registration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The parts that all REST views share."""

    name = "api"
    verbose_name = "API"
