"""Django's registration of the room."""

from __future__ import annotations

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """Diagnosis."""

    name = "diagnosis"
    verbose_name = "Diagnosis"
