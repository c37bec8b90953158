"""Authentication of upstream requests by the managed identity of the instance."""

from __future__ import annotations

from rest_framework.request import Request

from upstreams.receiver.authentication.policy_cache import policies
from upstreams.receiver.protocol.paths import instance_of, shown_path
from upstreams.receiver.protocol.requests import read_route
from validation.authentication import EntraAuthentication
from validation.policy import TokenPolicy


class InstanceAuthentication(EntraAuthentication):
    """Accepts the tokens that the instance's rows describe for the event of the request.

    `policies` are the event's, where the caller has found them already.
    """

    realm = "upstream"

    def __init__(self, policies: tuple[TokenPolicy, ...] = ()) -> None:
        self._policies = policies

    def policies_for(self, request: Request) -> tuple[TokenPolicy, ...]:
        """Return the policies of the event. Raises a Refusal where the request names none."""
        if self._policies:
            return self._policies
        instance = policies.get(instance_of(request.path_info) or "")
        return instance.token_policies(read_route(request.META))

    def shown_address(self, request: Request) -> str:
        """Return the path without the part that may be secret."""
        return shown_path(request.path_info)
