"""The network rules of an instance, in the forms in which Azure returns them."""

from __future__ import annotations

from typing import Any

import pytest

from arm.instance_network import InstanceNetwork


@pytest.mark.parametrize(
    ("properties", "is_allowed"),
    [
        ({}, True),
        ({"publicNetworkAccess": "Enabled", "networkACLs": None}, True),
        ({"publicNetworkAccess": "Disabled"}, False),
        ({"networkACLs": {"publicNetwork": {"allow": ["RESTAPI", "Trace"]}}}, True),
        ({"networkACLs": {"publicNetwork": {"allow": ["ClientConnection"]}}}, False),
        ({"networkACLs": {"publicNetwork": {"allow": None}}}, False),
        ({"networkACLs": {"defaultAction": "Allow", "publicNetwork": {"deny": ["Trace"]}}}, True),
        (
            {"networkACLs": {"defaultAction": "Allow", "publicNetwork": {"deny": ["RESTAPI"]}}},
            False,
        ),
        ({"networkACLs": {"defaultAction": "Allow"}}, True),
        ({"publicNetworkAccess": "Disabled", "networkACLs": {"defaultAction": "Allow"}}, False),
    ],
)
def test_reads_whether_the_rest_api_is_public(properties: dict[str, Any], is_allowed: bool) -> None:
    assert InstanceNetwork.from_arm(properties).allows_rest_api == is_allowed


@pytest.mark.parametrize(("status", "expected"), [("Approved", True), ("Pending", False)])
def test_counts_approved_private_endpoints(status: str, expected: bool) -> None:
    state = {"properties": {"privateLinkServiceConnectionState": {"status": status}}}
    network = InstanceNetwork.from_arm({"privateEndpointConnections": [state]})
    assert network.has_private_endpoint == expected
    assert InstanceNetwork(**network.to_json()) == network


def test_reads_rules_of_addresses() -> None:
    rules = {"ipRules": [{"value": "20.61.0.0/16", "action": "Allow"}]}
    assert InstanceNetwork.from_arm({"networkACLs": rules}).has_address_rules
