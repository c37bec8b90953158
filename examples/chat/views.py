"""The page of the chat, and the negotiation of its clients."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from csp.constants import SELF
from csp.decorators import csp_replace
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase
from django.views.generic import TemplateView

from examples.chat.guests import GuestAuthentication, ticket
from examples.chat.hubs import NAME_LENGTH
from upstreams.negotiation import NegotiationView
from upstreams.sender.endpoints import Endpoint, find

_WEBSOCKETS: Final = {"http": "ws", "https": "wss"}


class ChatPage(TemplateView):
    """Asks for a name, and lets the guest of that name chat."""

    template_name = "chat/chat.html"
    http_method_names = ["get", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Return the page, which may connect to the service."""
        policy = {
            "script-src": [SELF],
            "style-src": [SELF],
            "form-action": [SELF],
            "connect-src": [SELF, *_service_origins()],
        }
        answer: HttpResponseBase = csp_replace(policy)(super().dispatch)(request, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the guest's name and ticket, and the instance whose deliveries the portal shows."""
        name = self.request.GET.get("name", "").strip()[:NAME_LENGTH]
        return super().get_context_data(
            name=name,
            name_length=NAME_LENGTH,
            ticket=ticket(name) if name else "",
            instance=endpoint.instance if (endpoint := _endpoint()) else "",
            **kwargs,
        )


class ChatNegotiation(NegotiationView):
    """Negotiation of guests, whose names are their user IDs."""

    authentication_classes = [GuestAuthentication]


def _endpoint() -> Endpoint | None:
    """Return the endpoint of the default instance; None where none is configured."""
    try:
        return find(None)
    except ImproperlyConfigured:
        return None


def _service_origins() -> list[str]:
    """Return the origins at which clients connect."""
    endpoint = _endpoint()
    if endpoint is None:
        return []
    parts = urlsplit(endpoint.client_url)
    return [f"{scheme}://{parts.netloc}" for scheme in (parts.scheme, _WEBSOCKETS[parts.scheme])]
