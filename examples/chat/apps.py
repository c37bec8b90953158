"""Django's registration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Discovered with its `hubs.py` if SIGNALMAN_APPS names `examples.chat`."""

    name = "examples.chat"
    label = "chat"
