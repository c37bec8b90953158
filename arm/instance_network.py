"""The network rules of an instance, as Azure returned them.

Shape: `publicNetworkAccess` and `networkACLs` of Microsoft.SignalRService/signalR. Source:
"Configure network access control for Azure SignalR Service".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

REST_API: Final = "RESTAPI"


@dataclass(frozen=True, slots=True)
class InstanceNetwork:
    """Whether the REST API may be called over the public network, and whether there is another way.

    `has_address_rules` says that rules of IP addresses restrict the public network further.
    """

    allows_rest_api: bool = True
    has_address_rules: bool = False
    has_private_endpoint: bool = False

    @classmethod
    def from_arm(cls, properties: Mapping[str, Any]) -> Self:
        """Read the properties of an instance."""
        rules = properties.get("networkACLs") or {}
        public = rules.get("publicNetwork") or {}
        is_public = str(properties.get("publicNetworkAccess") or "").lower() != "disabled"
        if str(rules.get("defaultAction") or "").lower() == "allow":
            is_allowed = REST_API not in (public.get("deny") or ())
        else:
            # Without rules of the public network nothing is restricted.
            is_allowed = "publicNetwork" not in rules or REST_API in (public.get("allow") or ())
        return cls(
            allows_rest_api=is_public and is_allowed,
            has_address_rules=bool(rules.get("ipRules")),
            has_private_endpoint=any(
                _is_approved(each) for each in properties.get("privateEndpointConnections") or ()
            ),
        )

    def to_json(self) -> dict[str, bool]:
        """Return it as JSON values, which are the arguments of this class."""
        return asdict(self)


def _is_approved(connection: Mapping[str, Any]) -> bool:
    properties = connection.get("properties") or {}
    state = properties.get("privateLinkServiceConnectionState") or {}
    return str(state.get("status")).lower() == "approved"
