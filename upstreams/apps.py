"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig


class UpstreamsConfig(AppConfig):
    """Upstream templates and the receiver."""

    name = "upstreams"
    verbose_name = "Upstreams"

    def ready(self) -> None:
        """Discover the project's hubs, and register checks, metrics and signal receivers."""
        # Models load after apps. System checks are registered by being imported.
        from api import exception_handler  # noqa: PLC0415
        from upstreams.api.problems import PROBLEM_TYPES  # noqa: PLC0415
        from upstreams.health import register_checks  # noqa: PLC0415
        from upstreams.metrics import register_metrics  # noqa: PLC0415
        from upstreams.receiver import system_checks  # noqa: F401, PLC0415
        from upstreams.receiver.authentication.policy_changes import watch_rows  # noqa: PLC0415
        from upstreams.receiver.hubs.discovery import discover  # noqa: PLC0415
        from upstreams.sender import context  # noqa: PLC0415
        from upstreams.sender import system_checks as sender_checks  # noqa: F401, PLC0415
        from upstreams.sender.transport.client import ServiceClient  # noqa: PLC0415

        context.install(ServiceClient())
        discover()
        exception_handler.register(PROBLEM_TYPES)
        register_metrics()
        register_checks()
        watch_rows()
