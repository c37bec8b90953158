from __future__ import annotations

import pytest

from upstreams.token_requests import resources as token_resources
from upstreams.token_requests.data_planes import DATA_PLANES, data_planes_at


@pytest.mark.parametrize(
    ("url", "services"),
    [
        ("https://contoso.blob.core.windows.net/in/{event}", {"Azure Storage"}),
        ("https://contoso.table.core.windows.net.evil.example/", set()),
        ("https://contoso.azconfig.io/kv", {"Azure App Configuration"}),
        ("https://contoso.example/?next=contoso.azconfig.io", set()),
        (
            "https://CONTOSO.servicebus.windows.net/orders/messages",
            {"Azure Event Hubs", "Azure Relay", "Azure Service Bus"},
        ),
        ("https://[broken", set()),
    ],
)
def test_finds_data_planes_by_host(url: str, services: set[str]) -> None:
    assert {plane.service for plane in data_planes_at(url)} == services


def test_each_resource_is_valid_and_has_source() -> None:
    for plane in DATA_PLANES:
        assert token_resources.problem(plane.resource) is None
        assert plane.source.startswith("https://learn.microsoft.com/")


def test_each_service_is_listed_once() -> None:
    services = [plane.service for plane in DATA_PLANES]
    assert services == sorted(set(services))
