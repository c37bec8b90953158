"""Django app configuration."""

from __future__ import annotations

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """The diagnosis app."""

    name = "diagnosis"
    verbose_name = "Diagnosis"
