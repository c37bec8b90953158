"""The first tab: what the instance is, how it stands, and what may be done with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from arm.state import InstanceState
from diagnosis.checklist import diagnose
from identities.models import SignalRInstance
from portal.instance.overview.export import Place, snippets
from portal.instance.page import InstancePage
from sync.desired.state import desired_state
from upstreams.redaction import redact


class OverviewPage(InstancePage):
    """What Azure last answered of the instance, its policy, and its state for other tools."""

    tab = "overview"
    template_name = "portal/instance/overview/page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what does not agree, the latest operations and the snippets."""
        findings = diagnose(self.instance)
        return super().get_context_data(
            to_mend=[finding for finding in findings if finding.outcome == "fail"],
            policies=SignalRInstance.Policy,
            operations=self.instance.operations.all()[:3],
            snippets=snippets(_place(self.instance), _shown(desired_state(self.instance))),
            **kwargs,
        )


def _place(instance: SignalRInstance) -> Place:
    return Place(
        name=instance.name,
        resource_group=instance.resource_group,
        location=instance.location,
        sku=instance.sku,
        service_mode=instance.service_mode,
    )


def _shown(state: InstanceState) -> InstanceState:
    """Return the state without the keys that stand in clear in its addresses."""
    return replace(
        state,
        templates=tuple(
            replace(each, url_template=redact(each.url_template)) for each in state.templates
        ),
    )
