"""Django's registration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Name it in SIGNALMAN_APPS, and its `hubs.py` is found."""

    name = "examples.chat"
    label = "chat"
