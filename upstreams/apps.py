"""Django's registration of the room."""

from __future__ import annotations

from django.apps import AppConfig


class UpstreamsConfig(AppConfig):
    """Upstream templates and the receiver."""

    name = "upstreams"
    verbose_name = "Upstreams"
