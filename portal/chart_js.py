"""Data and options of charts, in the form of unfold's bundled Chart.js."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from upstreams.models import Outcome
from upstreams.traffic_series import Traffic

_COLOURS: Final = {
    Outcome.ACCEPTED: "var(--color-green-500)",
    Outcome.REFUSED: "var(--color-red-500)",
    Outcome.FAILED: "var(--color-orange-500)",
}
_OPTIONS: Final[dict[str, Any]] = {
    "maintainAspectRatio": False,
    "animation": False,
    "plugins": {"legend": {"display": True, "position": "bottom"}},
    "scales": {
        "x": {"stacked": True, "grid": {"display": False}, "ticks": {"maxTicksLimit": 12}},
        "y": {"stacked": True, "beginAtZero": True, "ticks": {"precision": 0}},
    },
}


def traffic_chart(seen: Traffic) -> dict[str, str]:
    """Return the data and options, as JSON, of a bar chart of deliveries by outcome."""
    form = "%H:%M" if seen.period.step * seen.period.steps <= timedelta(days=1) else "%a %H:%M"
    data = {
        "labels": [f"{start:{form}}" for start in seen.starts],
        "datasets": [
            {"label": outcome.label, "data": numbers, "backgroundColor": _COLOURS[outcome]}
            for outcome, numbers in seen.series.items()
        ],
    }
    return {"data": json.dumps(data), "options": json.dumps(_OPTIONS)}
