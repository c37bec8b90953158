"""An instance's network access: ACLs for the public network, private endpoints and IP ranges.

Source: Microsoft's recordings of `az signalr network-rule` (2020 to 2024). Pure functions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

Document = dict[str, Any]

REQUEST_TYPES = ("ServerConnection", "ClientConnection", "RESTAPI", "Trace")


def request_types(*, traces: bool) -> list[str]:
    """Return the types of request that an ACL allows by default, with or without live traces."""
    return [one for one in REQUEST_TYPES if traces or one != "Trace"]


def blank_acls(*, traces: bool = True) -> Document:
    """Return the ACLs of an instance for which none were given."""
    return {
        "defaultAction": "Deny",
        "publicNetwork": {"allow": request_types(traces=traces), "deny": None},
        "privateEndpoints": [],
        "ipRules": [],
    }


def merged_acls(current: Document, change: Document, connections: Collection[str]) -> Document:
    """Return the ACLs after a change.

    `connections` are the names of the instance's private endpoint connections: an entry for any
    other name is dropped, and a connection without an entry gets one that allows everything.
    """
    result = blank_acls() | current
    result |= {name: value for name, value in change.items() if value is not None}
    result["publicNetwork"] = _acl(result["publicNetwork"])
    result["privateEndpoints"] = endpoint_acls(result["privateEndpoints"], connections)
    return result


def endpoint_acls(
    entries: Iterable[Document], connections: Collection[str], *, traces: bool = True
) -> list[Document]:
    """Return one ACL for each private endpoint connection, in the order of the connections."""
    by_name = {entry["name"]: entry for entry in entries if entry.get("name")}
    everything = {"allow": request_types(traces=traces), "deny": None}
    return [{"name": name} | _acl(by_name.get(name, everything)) for name in connections]


def _acl(entry: Document) -> Document:
    return {"allow": entry.get("allow"), "deny": entry.get("deny")}
