"""The Traffic tab: deliveries that the receiver accepted, refused or failed to handle."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from diagnosis.reason_codes import explain
from portal.chart_js import traffic_chart
from portal.instance.page import InstancePage
from portal.page import is_fragment
from upstreams.models import Delivery, Outcome
from upstreams.traffic_series import PERIODS, Traffic, sampled, traffic

_ROWS: Final = 25


class TrafficPage(InstancePage):
    """Deliveries by outcome over time, the reasons of refusals, and the latest deliveries.

    htmx reloads the part below the chart.
    """

    tab = "traffic"
    permission_required = "upstreams.view_delivery"

    def get_template_names(self) -> list[str]:
        """Return the template of the page, or for htmx that of the reloaded part."""
        name = "traffic_counts_and_deliveries" if is_fragment(self.request) else "traffic"
        return [f"portal/instance/{name}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the counts of the period and the latest deliveries."""
        period = PERIODS.get(self.request.GET.get("period", ""), PERIODS["hour"])
        seen = traffic(self.instance.delivery_counts.all(), period, timezone.now())
        return super().get_context_data(
            periods=PERIODS.values(),
            seen=seen,
            totals=[(outcome, seen.total(outcome)) for outcome in Outcome],
            chart=traffic_chart(seen),
            reasons=explained_reasons(seen),
            deliveries=sampled(Delivery.objects.filter(instance=self.instance), _ROWS),
            **kwargs,
        )


def explained_reasons(seen: Traffic) -> list[dict[str, Any]]:
    """Return the reason codes of a period, each with its meaning and fix."""
    return [
        {"outcome": outcome, "code": code, "count": count, "explanation": explain(code)}
        for outcome, code, count in seen.reasons
    ]
