"""Negotiation: a view that gives clients the service's URL and a token, for a project to mount.

class ChatNegotiation(NegotiationView):
    def get_claims(self, request):
        return {"team": request.user.team}

urlpatterns = [path("negotiate/", include(negotiation_urls(ChatNegotiation)))]
"""

from __future__ import annotations

from upstreams.negotiation.views import NegotiationView, negotiation_urls

__all__ = ["NegotiationView", "negotiation_urls"]
