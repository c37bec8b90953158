"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig


class IdentitiesConfig(AppConfig):
    """SignalR instances and identities."""

    name = "identities"
    verbose_name = "Instances and identities"
