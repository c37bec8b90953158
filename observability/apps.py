"""Django's registration of the app."""

from __future__ import annotations

from celery.signals import worker_process_init, worker_process_shutdown, worker_ready
from django.apps import AppConfig

from observability.tracing.configuration import start_if_configured


class ObservabilityConfig(AppConfig):
    """Metrics, health, logs and traces."""

    name = "observability"
    # Migrations and tables have had this label from the first release on.
    label = "figures"
    verbose_name = "Observability"

    def ready(self) -> None:
        """Register the metrics of the packages below, publish from workers, start tracing."""
        # Models load after apps.
        from observability import azure_and_token_metrics, metrics  # noqa: PLC0415
        from observability.metric_storage import publisher  # noqa: PLC0415

        metrics.register(azure_and_token_metrics.token_metrics)
        metrics.register(azure_and_token_metrics.azure_metrics)
        for begun in (worker_ready, worker_process_init):
            begun.connect(publisher.start, dispatch_uid="metrics")
        worker_process_shutdown.connect(publisher.close, dispatch_uid="metrics")
        start_if_configured()
