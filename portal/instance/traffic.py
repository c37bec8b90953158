"""The tab of what the receiver took and refused."""

from __future__ import annotations

from typing import Any, Final

from django.utils import timezone

from diagnosis.reason_codes import explain
from portal.charts import traffic_chart
from portal.instance.page import InstancePage
from portal.page import is_fragment
from upstreams.models import Delivery, Outcome
from upstreams.traffic import PERIODS, Traffic, sampled, traffic

_ROWS: Final = 25


class TrafficPage(InstancePage):
    """Deliveries by outcome over time, why some were refused, and the latest ones.

    What is live is a part of the page, which htmx asks for by itself.
    """

    tab = "traffic"
    permission_required = "upstreams.view_delivery"

    def get_template_names(self) -> list[str]:
        """Return the page's template, or that of its live part."""
        name = "traffic_summary" if is_fragment(self.request) else "traffic"
        return [f"portal/instance/{name}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the period's figures and the latest deliveries."""
        period = PERIODS.get(self.request.GET.get("period", ""), PERIODS["hour"])
        seen = traffic(self.instance.delivery_counts.all(), period, timezone.now())
        return super().get_context_data(
            periods=PERIODS.values(),
            seen=seen,
            totals=[(outcome, seen.total(outcome)) for outcome in Outcome],
            chart=traffic_chart(seen),
            reasons=reasons_in_words(seen),
            deliveries=sampled(Delivery.objects.filter(instance=self.instance), _ROWS),
            **kwargs,
        )


def reasons_in_words(seen: Traffic) -> list[dict[str, Any]]:
    """Return the reasons of a period with what each means and what to do about it."""
    return [
        {"outcome": outcome, "code": code, "count": count, "explanation": explain(code)}
        for outcome, code, count in seen.reasons
    ]
