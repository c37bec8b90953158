"""The portal as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Pages, navigation and the dashboard. It has no models."""

    name = "portal"
