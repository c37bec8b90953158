"""Generated set-ups: what Azure has, with at most two settings that differ from one that works.

Each dimension has values that agree with the others and values that may not. A strategy that drew
all of them freely would produce set-ups that fail at the first setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from tests.cases.case import GROUP, INSTANCE
from tests.cases.configurations.authentication import CLOSED_FUNCTIONS, FUNCTIONS, authentication_of
from tests.cases.configurations.names import (
    APP,
    CLIENT,
    CUSTOM_HOST,
    HOST,
    IDENTITY_ID,
    KEY,
    SYSTEM,
    USER,
    VAULT,
    Json,
)
from tests.cases.configurations.networks import (
    CLOSED_FRONT_ENDS,
    CLOSED_VAULTS,
    FRONT_ENDS,
    VAULT_NETWORKS,
)
from tests.cases.configurations.templates import (
    OTHER_APP,
    OTHER_URI,
    REGISTRATIONS,
    SILENT,
    URLS,
    template_of,
)
from tests.cases.configurations.vaults import GRANTS, NO_GRANTS, ODD_SECRETS

EVENTS: Final = (
    ("chat", "messages", "echo"),
    ("chat", "connections", "connected"),
    ("chat", "connections", "disconnected"),
)
# The settings on which the delivery to a kind of URL depends. What has many values is named more
# often, and what fails before all else only once.
_OF_ALL: Final = ("mode", "identity", "url", "url", "resource", "resource", "patterns")
_OF_APP: Final = (*["auth"] * 8, *["front_end"] * 4)
_OF_VAULT: Final = (*["grant"] * 3, *["secret"] * 2, *["vault"] * 3)
DIMENSIONS: Final = {
    "receiver": _OF_ALL,
    "api": (*_OF_ALL, *_OF_APP, "functions", "functions"),
    "webhook": (*_OF_ALL, *_OF_APP, *_OF_VAULT),
    "secret": (*_OF_ALL, *_OF_VAULT),
}


@dataclass(frozen=True)
class Configuration:
    """A set-up, as a seed of Local Azure, and the event that is sent: hub, category and name.

    Where `has_odd_patterns`, a template is meant for the event and may not match it.
    """

    seed: Json
    event: tuple[str, str, str]
    has_odd_patterns: bool


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """Draw a set-up."""
    kind = draw(st.sampled_from([*URLS, "api", "api"]))
    faults = frozenset(draw(st.lists(st.sampled_from(DIMENSIONS[kind]), max_size=2)))

    def pick(dimension: str, good: Sequence[Any], other: Sequence[Any]) -> Any:
        return draw(st.sampled_from(other if dimension in faults else good))

    registration = draw(st.sampled_from(REGISTRATIONS))
    identity = pick("identity", IDENTITIES, [{"type": "None"}])
    template = template_of(pick, kind, registration)
    front_end, links = pick("front_end", FRONT_ENDS, CLOSED_FRONT_ENDS)
    vault, more = pick("vault", VAULT_NETWORKS, CLOSED_VAULTS)
    rest = {"sharedPrivateLinkResources": [*links, *more]}
    mode = pick("mode", ["Serverless"], ["Default", "Classic"])
    before = draw(st.sampled_from([(), (SILENT,)]))
    instance = {
        "name": INSTANCE,
        "resourceGroup": GROUP,
        "properties": {
            "features": [{"flag": "ServiceMode", "value": mode}],
            "upstream": {"templates": [*before, template]},
            **rest,
        },
        **({} if identity["type"] == "None" else {"identity": identity}),
    }
    resource = (template.get("auth") or {}).get("managedIdentity", {}).get("resource")
    site = {
        "name": APP,
        "resourceGroup": GROUP,
        "kind": draw(st.sampled_from(["functionapp,linux", "functionapp", "app"])),
        "keys": {"systemKeys": {"signalr_extension": KEY}, "functionKeys": {"default": "mine"}},
        "functions": pick("functions", [{}, FUNCTIONS], CLOSED_FUNCTIONS),
        "properties": {"hostNames": [HOST, CUSTOM_HOST], **front_end},
        **authentication_of(pick, resource, registration),
    }
    grants = pick("grant", GRANTS, NO_GRANTS)
    secrets = pick("secret", [{"code": KEY}], ODD_SECRETS)
    described = {
        "applications": [
            {
                "appId": OTHER_APP,
                "displayName": "Issues v2 tokens",
                "identifierUris": [OTHER_URI],
                "requestedAccessTokenVersion": 2,
            }
        ],
        "identities": [
            {
                "name": "id-cases",
                "resourceGroup": GROUP,
                "properties": {"principalId": USER, "clientId": CLIENT},
            }
        ],
        "instances": [instance],
        "sites": [site],
        "vaults": [
            {
                "name": VAULT,
                "resourceGroup": GROUP,
                "secrets": secrets,
                "properties": vault | grants.get("properties", {}),
            }
        ],
        "roleAssignments": grants.get("roleAssignments", []),
    }
    return Configuration(described, draw(st.sampled_from(EVENTS)), "patterns" in faults)


IDENTITIES: Final = (
    {"type": "SystemAssigned", "principalId": SYSTEM},
    {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY_ID: {}}},
)
