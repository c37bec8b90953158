"""Reads `/metrics` as Prometheus does."""

from __future__ import annotations

from typing import Any

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families


def scraped(client: Client | None = None) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return each sample of /metrics, by its name and its labels."""
    answer = (client or Client()).get("/metrics")
    assert answer.status_code == 200, answer.content
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def metric(name: str, **labels: Any) -> float | None:
    """Return a metric as it is exposed now; None where there is none."""
    return scraped().get((f"signalman_{name}", frozenset(labels.items())))


def names() -> set[str]:
    """Return the names of the metrics, with those that have no value yet."""
    text = Client().get("/metrics").content.decode()
    return {family.name for family in text_string_to_metric_families(text)}
