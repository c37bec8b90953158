"""Whether the access restrictions of a site allow Azure SignalR Service.

The service sends from addresses of the service tag AzureSignalR, which are not known here: a rule
with address ranges may match them, or not. Sources: "Use service tags for Azure SignalR Service";
"Azure App Service access restrictions". Pure functions.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Final, Literal, NamedTuple

from arm.function_apps.site_access import AccessRule, SiteAccess

Certainty = Literal["yes", "no", "maybe"]

_OWN_TAG: Final = "azuresignalr"
# Tags whose ranges contain those of other services; whether all of these is not documented.
_WIDE_TAGS: Final = ("azurecloud", "internet")
_EVERY_ADDRESS: Final = frozenset({"any", "0.0.0.0/0"})


class Verdict(NamedTuple):
    """Whether the service is allowed, and the name of the rule that decides; empty: the default."""

    is_allowed: Certainty
    rule: str = ""


def evaluate(access: SiteAccess) -> Verdict:
    """Return what the rules decide: the first one that matches does."""
    possible: list[AccessRule] = []
    for rule in access.rules:
        certainty = matches_service(rule)
        if certainty == "yes":
            return _decide(rule.is_allowing, rule.name, possible)
        if certainty == "maybe":
            possible.append(rule)
    return _decide(access.is_open_by_default, "", possible)


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
