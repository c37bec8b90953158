"""Who may send upstream requests: the managed identity of the instance, and nobody else."""

from __future__ import annotations

from rest_framework.request import Request

from upstreams.receiver.authentication.policies import policies
from upstreams.receiver.protocol.paths import instance_of, shown_path
from upstreams.receiver.protocol.requests import read_route
from validation.authentication import EntraAuthentication
from validation.policy import TokenPolicy


class InstanceAuthentication(EntraAuthentication):
    """Demands of the token what the instance's rows say for the event at hand.

    `policy` is what they say, where the caller has looked already.
    """

    realm = "upstream"

    def __init__(self, policy: TokenPolicy | None = None) -> None:
        super().__init__()
        self._policy = policy

    def policy_for(self, request: Request) -> TokenPolicy:
        """Return the policy of the event. Raises a Refusal where the request names none."""
        if self._policy is not None:
            return self._policy
        instance = policies.get(instance_of(request.path_info) or "")
        return instance.token_policy(read_route(request.META))

    def shown_address(self, request: Request) -> str:
        """Return the address without what may be secret in it."""
        return shown_path(request.path_info)
