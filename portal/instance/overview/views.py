"""The Overview tab: the chain from client to handler, what the instance is, policy and exports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from arm.instance_state import InstanceState
from diagnosis.chain.instance_chain import read_chain
from identities.models import SignalRInstance
from portal.instance.overview.chain_view import view_of
from portal.instance.overview.export import Resource, export
from portal.instance.page import InstancePage
from portal.page import is_fragment
from sync.desired.state import desired_state
from upstreams.url_templates.patterns import CONNECTED, CONNECTIONS, DISCONNECTED, MESSAGES, Event
from upstreams.url_templates.redaction import redact

_CATEGORIES = (CONNECTIONS, MESSAGES)
# Characters that the service allows in the name of a hub or an event.
_LENGTHS = {"hub": 128, "event": 256}


class OverviewPage(InstancePage):
    """The chain with its checks, the instance as of the last refresh, its policy and exports."""

    tab = "overview"
    template_name = "portal/instance/overview/page.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page, or the chain of one event."""
        if is_fragment(request) and request.headers.get("HX-Target") == "chain":
            self.template_name = "portal/instance/overview/chain.html"
        response = super().get(request, *args, **kwargs)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the chain, the latest operations and the exports."""
        typed = self._typed_event()
        event = Event(**typed) if typed["hub"] and typed["event"] else None
        return super().get_context_data(
            view=view_of(read_chain(self.instance, event), self.url_of),
            typed=typed,
            categories=_CATEGORIES,
            known_events=(CONNECTED, DISCONNECTED),
            policies=SignalRInstance.Policy,
            operations=self.instance.operations.all()[:3],
            exports=export(_resource(self.instance), _redacted(desired_state(self.instance))),
            **kwargs,
        )

    def _typed_event(self) -> dict[str, str]:
        """Return the event in the query; the category is that of messages where it has none."""
        given = {name: self.request.GET.get(name, "").strip() for name in Event._fields}
        if given["category"] not in _CATEGORIES:
            given["category"] = MESSAGES
        return {name: value[: _LENGTHS.get(name)] for name, value in given.items()}


def _resource(instance: SignalRInstance) -> Resource:
    return Resource(
        name=instance.name,
        resource_group=instance.resource_group,
        location=instance.location,
        sku=instance.sku,
        service_mode=instance.desired_service_mode or instance.service_mode,
    )


def _redacted(state: InstanceState) -> InstanceState:
    """Return the state with keys in URLs redacted."""
    return replace(
        state,
        templates=tuple(
            replace(each, url_template=redact(each.url_template)) for each in state.templates
        ),
    )
