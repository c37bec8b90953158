"""Django's registration of the app."""

from __future__ import annotations

from django.apps import AppConfig


class HandlersConfig(AppConfig):
    """Discovered with its `hubs.py` if SIGNALMAN_APPS names `benchmarks.receiver.handlers`."""

    name = "benchmarks.receiver.handlers"
    label = "benchmark_handlers"
