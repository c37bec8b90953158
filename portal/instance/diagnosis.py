"""The tab that says what does not agree, and the fix."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse

from diagnosis.checklist import diagnose
from diagnosis.findings import Finding, Outcome
from portal.instance.page import TABS, InstancePage

# What fails first, then what nobody can tell.
_ORDER: Final[tuple[tuple[Outcome, str], ...]] = (
    ("fail", "To mend"),
    ("unknown", "Not known"),
    ("pass", "In order"),
)
# The beginnings of findings' keys, or what they hold: the first that fits is taken.
_TABS: Final = (
    ("key_vault", "key-vault"),
    ("function_apps", "function-apps"),
    ("templates", "upstream"),
    ("identity", "identity"),
    ("principal", "identity"),
    ("azure", "plan"),
    ("deliveries", "traffic"),
)


class DiagnosisPage(InstancePage):
    """The checklist of all that must agree for signed requests to be accepted.

    A POST also asks the templates' addresses, which sends requests over the network.
    """

    tab = "diagnosis"
    template_name = "portal/instance/diagnosis.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page with what the addresses answered."""
        return self.get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the findings, those to be mended first."""
        findings = diagnose(self.instance, probing=self.request.method == "POST")
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
        """Return a finding with the tab where it is mended, if that is another page."""
        tab = next((tab for tab in TABS if tab.name == tab_of(finding.key)), None)
        link = self.address(tab.name) if tab and finding.outcome != "pass" else ""
        return {"finding": finding, "link": link, "tab": tab}


def tab_of(key: str) -> str:
    """Return the name of the instance's tab for the finding of that key; empty where none is."""
    return next((tab for part, tab in _TABS if part in key), "")
