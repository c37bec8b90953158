"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class UpstreamsConfig(AppConfig):
    """Upstream templates and the receiver."""

    name = "upstreams"
    verbose_name = "Upstreams"

    def ready(self) -> None:
        """Discover the project's hubs, and register checks, metrics and cache invalidation."""
        from api import exceptions  # noqa: PLC0415
        from identities.models import (  # noqa: PLC0415  # models load after apps
            ManagedIdentity,
            SignalRInstance,
            Subscription,
            UserAssignedIdentity,
        )
        from observability import health, metrics  # noqa: PLC0415
        from upstreams.health import check_policies, check_signing_keys  # noqa: PLC0415
        from upstreams.metrics import (  # noqa: PLC0415
            count_lost_deliveries,
            count_rejected,
            retention_metrics,
            upstream_metrics,
        )
        from upstreams.models import (  # noqa: PLC0415
            RequestRequirements,
            TokenResource,
            UpstreamTemplate,
        )
        from upstreams.receiver import system_checks  # noqa: F401, PLC0415
        from upstreams.receiver.authentication.policies import note_change  # noqa: PLC0415
        from upstreams.receiver.hubs.discovery import discover  # noqa: PLC0415
        from upstreams.receiver.protocol.errors import UnknownInstance  # noqa: PLC0415
        from upstreams.retention import check_retention  # noqa: PLC0415
        from upstreams.sender import context, endpoints  # noqa: PLC0415
        from upstreams.sender import system_checks as sender_checks  # noqa: F401, PLC0415
        from upstreams.sender.client import ServiceClient  # noqa: PLC0415
        from upstreams.signals import deliveries_lost, request_rejected  # noqa: PLC0415

        context.install(ServiceClient())
        discover()
        not_found = exceptions.ProblemType(404, "not-found", "Not found")
        exceptions.register({UnknownInstance: not_found})
        metrics.register(upstream_metrics)
        metrics.register(retention_metrics)
        health.register("policies", check_policies, {health.Role.RECEIVER})
        health.register("signing_keys", check_signing_keys, {health.Role.RECEIVER})
        health.register("retention", check_retention, {health.Role.WORKER})
        deliveries_lost.connect(count_lost_deliveries, dispatch_uid="upstreams.metrics")
        request_rejected.connect(count_rejected, dispatch_uid="upstreams.metrics")
        for model in (
            ManagedIdentity,
            RequestRequirements,
            SignalRInstance,
            Subscription,
            TokenResource,
            UserAssignedIdentity,
            UpstreamTemplate,
        ):
            for signal in (post_save, post_delete):
                signal.connect(note_change, sender=model, dispatch_uid=f"policies-{model.__name__}")
        for signal in (post_save, post_delete):
            signal.connect(
                endpoints.forget_hosts, sender=SignalRInstance, dispatch_uid="sender-hosts"
            )
