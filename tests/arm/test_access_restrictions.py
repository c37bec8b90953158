"""Access restrictions, compared with the service, whose addresses are not known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm.function_apps.access_restrictions import (
    AccessRule,
    Verdict,
    evaluate,
    matches_service,
)
from arm.function_apps.site_access import SiteAccess

SIGNALR = ("AzureSignalR",)
PUBLIC = ("20.61.0.0/16",)


def tag(*sources: str, allows: bool = True, **more: Any) -> AccessRule:
    return AccessRule("tag", allows, "tag", sources, **more)


def addresses(*sources: str, allows: bool = True, **more: Any) -> AccessRule:
    return AccessRule("addresses", allows, "address", sources, **more)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (tag("AzureSignalR"), "yes"),
        (tag("AZURESIGNALR"), "yes"),
        (tag("Storage", "AzureSignalR"), "yes"),
        (tag("AzureCloud"), "maybe"),
        (tag("AzureCloud.WestEurope"), "maybe"),
        (tag("Internet"), "maybe"),
        (tag("AzureFrontDoor.Backend"), "no"),
        (tag("AzureSignalR", has_headers=True), "no"),
        (addresses("Any"), "yes"),
        (addresses("0.0.0.0/0"), "yes"),
        (addresses("::/0"), "maybe"),
        (addresses("AnyVnets"), "no"),
        (addresses("10.0.0.0/8"), "no"),
        (addresses("20.61.0.0/16"), "maybe"),
        (addresses("20.61.5.1"), "maybe"),
        (addresses("10.0.0.0/8", "20.61.0.0/16"), "maybe"),
        (AccessRule("subnet", is_allowing=True, kind="subnet"), "no"),
    ],
)
def test_rule_matches_service(rule: AccessRule, expected: str) -> None:
    assert matches_service(rule) == expected


@pytest.mark.parametrize(
    ("rules", "is_open", "expected"),
    [
        ((), True, Verdict("yes")),
        ((), False, Verdict("no")),
        ((tag(*SIGNALR),), False, Verdict("yes", "tag")),
        ((tag(*SIGNALR, allows=False),), True, Verdict("no", "tag")),
        ((addresses(*PUBLIC),), False, Verdict("maybe", "addresses")),
        ((addresses(*PUBLIC),), True, Verdict("yes")),
        ((addresses(*PUBLIC, allows=False),), True, Verdict("maybe", "addresses")),
        ((addresses(*PUBLIC, allows=False),), False, Verdict("no")),
        ((addresses(*PUBLIC), tag(*SIGNALR)), False, Verdict("yes", "tag")),
        ((addresses(*PUBLIC), tag(*SIGNALR, allows=False)), True, Verdict("maybe", "addresses")),
        ((tag(*SIGNALR), addresses("Any", allows=False)), False, Verdict("yes", "tag")),
    ],
)
def test_first_match_decides(
    rules: tuple[AccessRule, ...], is_open: bool, expected: Verdict
) -> None:
    assert evaluate(rules, is_open=is_open) == expected


RULES = st.builds(
    AccessRule,
    name=st.text(max_size=4),
    is_allowing=st.booleans(),
    kind=st.sampled_from(["address", "tag", "subnet"]),
    sources=st.lists(st.sampled_from(["Any", "AzureSignalR", "20.61.0.0/16", "AzureCloud"])).map(
        tuple
    ),
    has_headers=st.booleans(),
)


@given(rules=st.lists(RULES, max_size=5).map(tuple), is_open=st.booleans())
def test_possible_rules_never_change_a_certain_verdict(
    rules: tuple[AccessRule, ...], is_open: bool
) -> None:
    verdict = evaluate(rules, is_open=is_open)
    # Whether each rule that may match does, the service meets the same decision.
    for matching in (True, False):
        decision = next(
            (
                rule.is_allowing
                for rule in rules
                if (found := matches_service(rule)) == "yes" or (found == "maybe" and matching)
            ),
            is_open,
        )
        if verdict.is_allowed != "maybe":
            assert decision == (verdict.is_allowed == "yes")


@given(access=st.builds(SiteAccess, rules=st.lists(RULES, max_size=3).map(tuple)))
def test_json_keeps_access(access: SiteAccess) -> None:
    assert SiteAccess.from_json(access.to_json()) == access
