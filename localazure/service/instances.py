"""An instance as the running service sees it: its settings read from the ARM resource.

Sources: Microsoft's pages on service modes, network access control and limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Final

from localazure.arm.resources import Resource
from localazure.arm.signalr.shape import TYPE
from localazure.world import World

SERVERLESS: Final = "Serverless"
DEFAULT: Final = "Default"
# Kinds of requests that network rules name.
CLIENT_CONNECTION: Final = "ClientConnection"
REST_API: Final = "RESTAPI"

_FREE_CONNECTIONS = 20
_UNIT_CONNECTIONS = 1000
_KEEP_ALIVE_SECONDS = 15
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Instance:
    """The settings of one instance. Absent properties have the service's defaults."""

    resource: Resource

    @property
    def id(self) -> str:
        """The ARM id in lower case."""
        return self.resource.id.lower()

    @property
    def host_name(self) -> str:
        """The host name that Azure would serve it under."""
        name = self._properties.get("hostName")
        return str(name or f"{self.resource.name}.service.signalr.net").lower()

    @property
    def mode(self) -> str:
        """Default, Serverless or Classic."""
        for flag in self._properties.get("features") or []:
            if str(flag.get("flag")).lower() == "servicemode":
                return str(flag.get("value")).capitalize()
        return DEFAULT

    @property
    def templates(self) -> list[dict[str, Any]]:
        """The upstream templates in order."""
        return (self._properties.get("upstream") or {}).get("templates") or []

    @property
    def uses_access_keys(self) -> bool:
        """Whether tokens signed with an access key are accepted."""
        return not self._properties.get("disableLocalAuth")

    @property
    def uses_entra(self) -> bool:
        """Whether Entra's tokens are accepted."""
        return not self._properties.get("disableAadAuth")

    @property
    def access_keys(self) -> list[str]:
        """The access keys, primary first; none where local authentication is disabled."""
        if not self.uses_access_keys:
            return []
        names = ("primaryKey", "secondaryKey")
        return [self.resource.hidden[name] for name in names if name in self.resource.hidden]

    @property
    def is_free(self) -> bool:
        """Whether the instance is of the Free tier."""
        return str((self.resource.document.get("sku") or {}).get("name")).startswith("Free")

    @property
    def connection_limit(self) -> int:
        """The maximum number of client connections."""
        if self.is_free:
            return _FREE_CONNECTIONS
        units = (self.resource.document.get("sku") or {}).get("capacity") or 1
        return _UNIT_CONNECTIONS * int(units)

    @property
    def keep_alive_seconds(self) -> float:
        """Seconds between pings to a client."""
        seconds = self._serverless.get("keepAliveIntervalInSeconds")
        return float(seconds or _KEEP_ALIVE_SECONDS)

    @property
    def timeout_seconds(self) -> float:
        """Seconds after which a silent client is disconnected."""
        return float(self._serverless.get("connectionTimeoutInSeconds") or _TIMEOUT_SECONDS)

    @property
    def is_stopped(self) -> bool:
        """Whether the data plane is shut down."""
        return str(self._properties.get("resourceStopped")).lower() == "true"

    def allows_origin(self, origin: str) -> bool:
        """Whether browsers may use it from a page of that origin."""
        allowed = (self._properties.get("cors") or {}).get("allowedOrigins") or []
        return "*" in allowed or origin.lower() in {one.lower().rstrip("/") for one in allowed}

    def permits(self, kind: str, address: str) -> bool:
        """Whether the network rules permit a kind of request from an address.

        Everything that reaches Local Azure comes over the public network.
        """
        if str(self._properties.get("publicNetworkAccess")).lower() == "disabled":
            return False
        rules = self._properties.get("networkACLs") or {}
        public = rules.get("publicNetwork") or {}
        if rules.get("defaultAction") == "Allow":
            named = kind not in (public.get("deny") or [])
        else:
            named = "publicNetwork" not in rules or kind in (public.get("allow") or [])
        return named and _permits_address(rules.get("ipRules") or [], address)

    @property
    def _serverless(self) -> dict[str, Any]:
        return self._properties.get("serverless") or {}

    @property
    def _properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = self.resource.document["properties"]
        return properties


def find_instance(world: World, name: str) -> Instance | None:
    """Return the instance of that name, in any case."""
    found = world.resources.named(TYPE, name)
    return None if found is None else Instance(found)


def _permits_address(rules: list[dict[str, Any]], address: str) -> bool:
    """Return the decision of the first rule that contains the address; True without rules."""
    for rule in rules:
        try:
            is_inside = ip_address(address) in ip_network(str(rule.get("value")), strict=False)
        except ValueError:
            continue
        if is_inside:
            return rule.get("action") == "Allow"
    return not rules
