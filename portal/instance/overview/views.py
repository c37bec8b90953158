"""The Overview tab: what the instance is, its problems, its policy and its exports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from arm.state import InstanceState
from diagnosis.checklist import diagnose
from identities.models import SignalRInstance
from portal.instance.overview.export import Resource, export
from portal.instance.page import InstancePage
from sync.desired.state import desired_state
from upstreams.redaction import redact


class OverviewPage(InstancePage):
    """The instance as of the last refresh, its policy, and its desired state for other tools."""

    tab = "overview"
    template_name = "portal/instance/overview/page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add failed checks, the latest operations and the exports."""
        findings = diagnose(self.instance)
        return super().get_context_data(
            failed=[finding for finding in findings if finding.outcome == "fail"],
            policies=SignalRInstance.Policy,
            operations=self.instance.operations.all()[:3],
            exports=export(_resource(self.instance), _redacted(desired_state(self.instance))),
            **kwargs,
        )


def _resource(instance: SignalRInstance) -> Resource:
    return Resource(
        name=instance.name,
        resource_group=instance.resource_group,
        location=instance.location,
        sku=instance.sku,
        service_mode=instance.service_mode,
    )


def _redacted(state: InstanceState) -> InstanceState:
    """Return the state with keys in URLs redacted."""
    return replace(
        state,
        templates=tuple(
            replace(each, url_template=redact(each.url_template)) for each in state.templates
        ),
    )
