"""Django's registration of the figures."""

from __future__ import annotations

from celery.signals import (
    task_success,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)
from django.apps import AppConfig
from django.core.checks import register

from config.figures.checks import check_figures
from config.tracing import start_if_wanted


class FiguresConfig(AppConfig):
    """Figures."""

    name = "config.figures"
    verbose_name = "Figures"

    def ready(self) -> None:
        """Listen to what the rooms below tell, and trace what is to be traced."""
        from config.figures import observers  # noqa: PLC0415  models load after apps
        from config.figures.publishing import publisher  # noqa: PLC0415
        from upstreams.signals import deliveries_lost, request_turned_away  # noqa: PLC0415

        deliveries_lost.connect(observers.note_lost_deliveries, dispatch_uid="figures")
        request_turned_away.connect(observers.note_turned_away, dispatch_uid="figures")
        task_success.connect(observers.note_tick, dispatch_uid="figures")
        for begun in (worker_ready, worker_process_init):
            begun.connect(publisher.start, dispatch_uid="figures")
        worker_process_shutdown.connect(publisher.close, dispatch_uid="figures")
        register(check_figures)
        start_if_wanted()
