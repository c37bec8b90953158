"""The page of metrics, from the families that the apps register."""

from __future__ import annotations

from collections.abc import Iterator

from observability.metrics import RegisteredMetrics
from scripts.reference.markdown import code, generated, table, text


def page() -> str:
    """Return the text of the page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield from generated(
        "Metrics",
        "the metric families that `/metrics` shows",
        "[Run Signalman](../how-to/operations.md#collect-metrics) describes how to collect metrics "
        "and has example alerts.",
    )
    yield table(
        ("metric", "type", "labels", "meaning"),
        (
            (
                code(each.name + ("_total" if each.type == "counter" else "")),
                each.type,
                # The family's names of labels, which only its samples show otherwise.
                ", ".join(map(code, vars(each)["_labelnames"])),
                text(each.documentation),
            )
            for each in RegisteredMetrics().collect()
        ),
    )
