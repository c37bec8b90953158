"""Authentication of upstream requests by the managed identity of the instance."""

from __future__ import annotations

from rest_framework.request import Request

from upstreams.receiver.authentication.policies import policies
from upstreams.receiver.protocol.paths import instance_of, shown_path
from upstreams.receiver.protocol.requests import read_route
from validation.authentication import EntraAuthentication
from validation.policy import TokenPolicy


class InstanceAuthentication(EntraAuthentication):
    """Accepts the tokens that the instance's rows describe for the event of the request.

    `policy` is the event's, where the caller has found it already.
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
        """Return the path without the part that may be secret."""
        return shown_path(request.path_info)
