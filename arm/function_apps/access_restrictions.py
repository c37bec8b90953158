"""The access restrictions of a site, and whether they allow Azure SignalR Service.

The service sends from addresses of the service tag AzureSignalR, which are not known here: a rule
with address ranges may match them, or not. Sources: "Use service tags for Azure SignalR Service";
"Azure App Service access restrictions". Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final, Literal, NamedTuple

SourceKind = Literal["address", "tag", "subnet"]
Certainty = Literal["yes", "no", "maybe"]

_SEPARATORS: Final = re.compile("[;,]")
_OWN_TAG: Final = "azuresignalr"
# Tags whose ranges contain those of other services; whether all of these is not documented.
_WIDE_TAGS: Final = ("azurecloud", "internet")
_EVERY_ADDRESS: Final = frozenset({"any", "0.0.0.0/0"})


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One access restriction: who it matches, and whether it allows or denies them.

    `sources` are address ranges or names of service tags. A rule with `has_headers` matches only
    requests with certain headers, such as those of one Azure Front Door.
    """

    name: str
    is_allowing: bool
    kind: SourceKind
    sources: tuple[str, ...] = ()
    has_headers: bool = False

    @classmethod
    def from_arm(cls, rule: Mapping[str, Any]) -> AccessRule:
        """Read one of `ipSecurityRestrictions`."""
        kind: SourceKind = "address"
        if rule.get("vnetSubnetResourceId"):
            kind = "subnet"
        elif str(rule.get("tag") or "").lower() == "servicetag":
            kind = "tag"
        return cls(
            name=rule.get("name") or "",
            is_allowing=str(rule.get("action") or "Allow").lower() == "allow",
            kind=kind,
            sources=tuple(parts_of(rule.get("ipAddress"))),
            has_headers=bool(rule.get("headers")),
        )


class Verdict(NamedTuple):
    """Whether the service is allowed, and the name of the rule that decides; empty: the default."""

    is_allowed: Certainty
    rule: str = ""


def restrictions(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rules of the main site in a config/web, in the order of their evaluation.

    Those of the deployment (SCM) site are in `scmIpSecurityRestrictions`, and do not count.
    """
    return sorted(
        config.get("ipSecurityRestrictions") or (), key=lambda rule: rule.get("priority") or 0
    )


def is_open_by_default(config: Mapping[str, Any], rules: tuple[AccessRule, ...]) -> bool:
    """Return whether a request that no rule matches is allowed; by default only without rules."""
    action = config.get("ipSecurityRestrictionsDefaultAction")
    return str(action).lower() == "allow" if action else not rules


def evaluate(rules: Iterable[AccessRule], *, is_open: bool) -> Verdict:
    """Return what the rules decide: the first one that matches does."""
    possible: list[AccessRule] = []
    for rule in rules:
        certainty = matches_service(rule)
        if certainty == "yes":
            return _decide(rule.is_allowing, rule.name, possible)
        if certainty == "maybe":
            possible.append(rule)
    return _decide(is_open, "", possible)


def matches_service(rule: AccessRule) -> Certainty:
    """Return whether a rule matches the service's requests.

    They carry none of the headers that a rule can require, and come from no subnet of a customer.
    """
    if rule.has_headers or rule.kind == "subnet":
        return "no"
    found = {_of_source(rule, source.lower()) for source in rule.sources}
    return "yes" if "yes" in found else "maybe" if "maybe" in found else "no"


def _decide(is_allowing: bool, name: str, possible: list[AccessRule]) -> Verdict:
    """Return the decision of the rule that matches, unless an earlier one may decide otherwise."""
    for rule in possible:
        if rule.is_allowing != is_allowing:
            return Verdict("maybe", rule.name)
    return Verdict("yes" if is_allowing else "no", name)


def _of_source(rule: AccessRule, source: str) -> Certainty:
    if rule.kind == "tag":
        tag = source.partition(".")[0]
        return "yes" if source == _OWN_TAG else "maybe" if tag in (_OWN_TAG, *_WIDE_TAGS) else "no"
    if source in _EVERY_ADDRESS:
        return "yes"
    try:
        return "maybe" if ip_network(source, strict=False).is_global else "no"
    except ValueError:
        # AnyVnets, which stands for all subnets.
        return "no"


def parts_of(text: str | None) -> Iterator[str]:
    """Yield the entries of a list that Azure separates by commas or semicolons."""
    return (part.strip() for part in _SEPARATORS.split(text or "") if part.strip())
