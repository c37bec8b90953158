"""Who may send upstream requests: the managed identity of the instance, and nobody else."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.request import Request

from upstreams.receiver.addresses import shown_path
from validation.authentication import EntraAuthentication
from validation.policy import TokenPolicy


class InstanceAuthentication(EntraAuthentication):
    """Demands of the token what the instance's rows say for the event at hand."""

    realm = "upstream"

    def __init__(self, policy: Callable[[], TokenPolicy]) -> None:
        super().__init__()
        self._policy = policy

    def policy_for(self, request: Request) -> TokenPolicy:
        """Return the policy of the event."""
        return self._policy()

    def shown_address(self, request: Request) -> str:
        """Return the address without what may be secret in it."""
        return shown_path(request.path_info)
