"""The Diagnosis tab: every check of the instance, with evidence and fix."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from diagnosis.chain.worst_links import diagnose_and_store
from diagnosis.checklist import diagnose
from diagnosis.findings import Finding, Outcome
from portal.instance.page import TABS, InstancePage

_ORDER: Final[tuple[tuple[Outcome, str], ...]] = (
    ("fail", "Needs attention"),
    ("unknown", "Unknown"),
    ("pass", "Passed"),
)
# Parts of a finding's key, and the tab that fixes it. The first match counts.
_TABS: Final = (
    ("answers", "diagnosis"),
    ("service_mode", "upstream"),
    ("key_vault", "key-vault"),
    ("function_apps", "function-apps"),
    ("templates", "upstream"),
    ("event.template", "upstream"),
    ("identity", "identity"),
    ("principal", "identity"),
    ("azure", "plan"),
    ("deliveries", "traffic"),
)


class DiagnosisPage(InstancePage):
    """The checks that must pass for signed upstream requests to be accepted.

    A POST also probes the endpoints of the templates, which sends requests over the network.
    """

    tab = "diagnosis"
    template_name = "portal/instance/diagnosis.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page with the results of the probes."""
        return self.get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the findings, failed ones first."""
        if self.request.method == "POST":
            findings = diagnose_and_store(self.instance, probing=True)
        else:
            findings = diagnose(self.instance)
        groups = [
            (outcome, title, [self._line(row) for row in findings if row.outcome == outcome])
            for outcome, title in _ORDER
        ]
        return super().get_context_data(
            groups=[group for group in groups if group[2]],
            was_probed=self.request.method == "POST",
            **kwargs,
        )

    def _line(self, finding: Finding) -> dict[str, Any]:
        """Return a finding with the tab that fixes it; a passed one has no link."""
        tab = next((tab for tab in TABS if tab.name == tab_of(finding.key)), None)
        is_elsewhere = tab is not None and tab.name != self.tab and finding.outcome != "pass"
        link = self.url_of(tab.name) if tab is not None and is_elsewhere else ""
        return {"finding": finding, "link": link, "tab": tab}


def tab_of(key: str) -> str:
    """Return the name of the tab that fixes the finding with that key, or an empty string."""
    return next((tab for part, tab in _TABS if part in key), "")
