"""The resources that a signed template may request tokens for.

Microsoft documents two forms: the application (client) ID and the Application ID URI of an app
registration. An empty resource, which means Microsoft Graph, and the resource IDs of other services
were withdrawn: Graph encrypts its tokens, so no other receiver can validate them. Source: "Managed
identities for Azure SignalR Service", Audience in the issued token.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

_GRAPH_APPLICATION: Final = "00000003-0000-0000-c000-000000000000"
# Microsoft Graph of the public, US government, US defence and China clouds.
_GRAPH_HOSTS: Final = frozenset(
    {
        "graph.microsoft.com",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
    }
)


def problem(resource: str) -> str | None:
    """Return why a signed template cannot use `resource`, as a message, or None if it can."""
    if not resource:
        return (
            "A signed template requires a resource. Without one, the token is for Microsoft Graph, "
            "which encrypts it, so no receiver can validate it."
        )
    if any(character.isspace() or not character.isprintable() for character in resource):
        return "A resource must not contain spaces or control characters."
    if _is_graph(resource):
        return (
            "Microsoft Graph encrypts its tokens, so no receiver can validate them. "
            "Use the client ID or the Application ID URI of an app registration of your own."
        )
    if resource.endswith("/.default"):
        return "That is a scope. The resource is the part before '/.default'."
    return None


def _is_graph(resource: str) -> bool:
    spelled = resource.lower().rstrip("/").removeprefix("api://").removeprefix("spn:")
    if spelled == _GRAPH_APPLICATION or spelled in _GRAPH_HOSTS:
        return True
    try:
        return urlsplit(spelled).hostname in _GRAPH_HOSTS
    except ValueError:
        return False
