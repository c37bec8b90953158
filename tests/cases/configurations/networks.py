"""Networks of a site and of a vault, and the shared private links to them."""

from __future__ import annotations

from typing import Final

from tests.cases.configurations.names import APP_ID, OTHER, VAULT_ID, Json


def _link(target: str, status: str = "Approved", group: str = "sites") -> Json:
    properties = {"privateLinkResourceId": target, "groupId": group, "status": status}
    return {"name": f"to-{target.rpartition('/')[2]}", "properties": properties}


def _rules(*rules: Json, default: str | None = None) -> Json:
    named = [
        {"name": f"rule-{index}", "priority": index + 1, **rule} for index, rule in enumerate(rules)
    ]
    config: Json = {"ipSecurityRestrictions": named}
    if default:
        config["ipSecurityRestrictionsDefaultAction"] = default
    return {"siteConfig": config}


_TAG: Final = {"ipAddress": "AzureSignalR", "tag": "ServiceTag"}
_PRIVATE: Final = {"publicNetworkAccess": "Disabled"}
_ENDPOINT: Final = {
    "privateEndpointConnections": [
        {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}
    ]
}
# Properties of a site, and the shared private links of the instance.
FRONT_ENDS: Final[tuple[tuple[Json, list[Json]], ...]] = (
    ({}, []),
    (_rules(_TAG | {"action": "Allow"}), []),
    (_rules({"ipAddress": "192.168.0.0/16", "action": "Deny"}, default="Allow"), []),
    (_PRIVATE, [_link(APP_ID)]),
    ({"clientCertEnabled": True, "clientCertMode": "Optional"}, []),
    ({"clientCertEnabled": True, "clientCertExclusionPaths": "/API;/runtime"}, []),
    (_ENDPOINT | {"publicNetworkAccess": "Enabled"}, []),
)
CLOSED_FRONT_ENDS: Final[tuple[tuple[Json, list[Json]], ...]] = (
    ({"state": "Stopped"}, [_link(APP_ID)]),
    ({"usageState": "Exceeded"}, []),
    ({"enabled": False}, []),
    (_PRIVATE, []),
    (_PRIVATE, [_link(APP_ID, "Pending")]),
    (_PRIVATE, [_link(f"{APP_ID}-other")]),
    (_PRIVATE, [_link(APP_ID, group="sites-staging")]),
    ({"siteConfig": _PRIVATE}, []),
    (_ENDPOINT, []),
    (_rules(_TAG | {"action": "Deny"}, default="Allow"), []),
    (_rules({"ipAddress": "192.168.0.0/16", "action": "Deny"}), []),
    (_rules({"ipAddress": "20.61.0.0/16", "action": "Allow"}), []),
    (_rules(_TAG | {"action": "Allow", "headers": {"x-azure-fdid": [OTHER]}}), []),
    (_rules({"ipAddress": "AzureCloud", "tag": "ServiceTag", "action": "Allow"}), []),
    (_rules(default="Deny"), []),
    ({"clientCertEnabled": True}, [_link(APP_ID)]),
    ({"clientCertEnabled": True, "clientCertExclusionPaths": "/elsewhere"}, []),
)
_CLOSED: Final = {"defaultAction": "Deny", "bypass": "None"}
VAULT_NETWORKS: Final[tuple[tuple[Json, list[Json]], ...]] = (
    ({}, []),
    ({"networkAcls": {"defaultAction": "Allow", "bypass": "None"}}, []),
    (_PRIVATE | {"networkAcls": _CLOSED}, [_link(VAULT_ID, group="vault")]),
)
CLOSED_VAULTS: Final[tuple[tuple[Json, list[Json]], ...]] = (
    ({"networkAcls": _CLOSED}, []),
    (_PRIVATE, []),
    (_PRIVATE | {"networkAcls": _CLOSED}, [_link(VAULT_ID, "Pending", "vault")]),
    (_PRIVATE | {"networkAcls": _CLOSED}, [_link(APP_ID)]),
    ({"networkAcls": _CLOSED | {"ipRules": [{"value": "20.61.0.0/16"}]}}, []),
    ({"networkAcls": _CLOSED | {"bypass": "AzureServices"}}, []),
)
