"""The limit of negotiations."""

from __future__ import annotations

from api.throttles import CallerThrottle
from upstreams.sender.configuration import configuration


class NegotiationThrottle(CallerThrottle):
    """Limits the negotiations of each user, or of each address, in a minute.

    Clients that lost their connection negotiate again, several times in a minute.
    """

    scope = "negotiation"

    def get_rate(self) -> str:
        """Return the setting SIGNALMAN_NEGOTIATIONS_A_MINUTE."""
        return f"{configuration().negotiations_a_minute}/minute"
