"""The base of an instance's tabs: the instance, its sync status and the list of tabs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final

from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from identities.models import SignalRInstance
from portal.navigation import azure_portal_link
from portal.page import PortalPage
from sync.desired.sync_status import sync_status
from sync.operations.plans.upstream_warning import upstream_warning


@dataclass(frozen=True)
class Tab:
    """A tab: the name of its URL, its label and its icon."""

    name: str
    label: str
    icon: str


# Settings first, then the plan and its operations, then what was observed.
TABS: Final = (
    Tab("overview", "Overview", "info"),
    Tab("identity", "Identity", "badge"),
    Tab("upstream", "Upstream", "alt_route"),
    Tab("key-vault", "Key Vault", "encrypted"),
    Tab("function-apps", "Function Apps", "bolt"),
    Tab("plan", "Plan", "difference"),
    Tab("operations", "Operations", "published_with_changes"),
    Tab("drift", "Drift", "compare_arrows"),
    Tab("diagnosis", "Diagnosis", "checklist"),
    Tab("traffic", "Traffic", "monitoring"),
    Tab("history", "History", "history"),
)


class InstancePage(PortalPage):
    """One tab of an instance, which is found by its name, ignoring case."""

    tab: ClassVar[str]

    @cached_property
    def instance(self) -> SignalRInstance:
        """Return the instance in the URL. Raises Http404."""
        rows = SignalRInstance.objects.with_desired().named(self.kwargs["name"])
        return get_object_or_404(rows)

    @property
    def title(self) -> str:  # type: ignore[override]
        """Return the label of the tab and the name of the instance."""
        label = next(tab.label for tab in TABS if tab.name == self.tab)
        return f"{label} · {self.instance}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the instance, its sync status and the tabs."""
        return super().get_context_data(
            instance=self.instance,
            status=sync_status(self.instance),
            is_upstream_off=bool(upstream_warning(self.instance)),
            azure_portal_link=azure_portal_link(self.instance),
            tabs=[(tab, self.url_of(tab.name), tab.name == self.tab) for tab in TABS],
            **kwargs,
        )

    def url_of(self, tab: str) -> str:
        """Return the path of a tab of this instance."""
        return reverse(f"portal:instance-{tab}", args=[self.instance.name])

    def redirect_to_tab(self, tab: str | None = None) -> HttpResponseRedirect:
        """Redirect after a POST to a tab, by default to this one."""
        return HttpResponseRedirect(self.url_of(tab or self.tab))
