"""Local Azure for the benchmark: a fleet, limits, the log of requests, and the list by the SDK."""

from __future__ import annotations

import os
import re
from collections import Counter
from http import HTTPStatus
from typing import Any, Final

import requests
from azure.mgmt.signalr import SignalRManagementClient

from arm.transport.credentials import credential
from localazure import seed
from localazure.request_log import KEPT
from sync.azure_client import arm_settings

_INSTANCE: Final = re.compile(r"/signalr/[^/]+(?:/(?P<kind>operation\w+))?", re.IGNORECASE)
_KINDS: Final = {
    ("GET", ""): "reads of the instance",
    ("PATCH", ""): "writes",
    ("GET", "operationresults"): "polls",
    ("GET", "operationstatuses"): "polls of the status",
}


def create_fleet(size: int) -> None:
    """Create that many instances with two templates each in ten resource groups of Local Azure."""
    instances = [
        {
            "name": f"bench-{number:05}",
            "resourceGroup": f"rg-bench-{number % 10}",
            "properties": {"upstream": {"templates": _templates(number)}},
        }
        for number in range(size)
    ]
    control("POST", "seed", {"instances": instances})
    control("POST", "operations", {"seconds": 0, "retryAfter": None})


def _templates(instance: int) -> list[dict[str, str]]:
    """Return templates with URLs that no other instance has, as in a fleet."""
    url = f"https://receiver.example/upstream/bench-{instance:05}"
    return [
        {"urlTemplate": f"{url}/{{hub}}/{number}", "hubPattern": f"hub{number}"}
        for number in range(2)
    ]


def enforce_limits(*, enforced: bool) -> None:
    """Enforce ARM's documented limits from full buckets, or do not; forget earlier requests."""
    control("POST", "throttle", {"enforced": enforced})
    control("DELETE", "requests")


def requests_sent() -> tuple[Counter[str], int]:
    """Return the requests since the last call of `enforce_limits` by kind, and the 429s.

    No kinds if there were more than Local Azure keeps: how many is then not known.
    """
    kinds: Counter[str] = Counter()
    throttled = 0
    entries = control("GET", "requests").json()
    for entry in entries if len(entries) < KEPT else ():
        throttled += entry["status"] == HTTPStatus.TOO_MANY_REQUESTS
        found = _INSTANCE.search(entry["path"])
        key = (entry["method"], (found["kind"] or "").lower()) if found else ("", "")
        kinds[_KINDS.get(key, "other requests")] += 1
    return kinds, throttled


def list_by_sdk() -> int:
    """List the subscription's instances as azure-mgmt-signalr does; return how many there are."""
    settings = arm_settings()
    client = SignalRManagementClient(
        credential(settings),
        seed.SUBSCRIPTION_ID,
        base_url=settings.endpoint,
        credential_scopes=[settings.scope],
    )
    return sum(1 for _ in client.signal_r.list_by_subscription())


def control(method: str, path: str, body: Any = None) -> requests.Response:
    """Send a control request to Local Azure. Raises requests.HTTPError if it refuses."""
    url = f"{os.environ['SIGNALMAN_ARM_ENDPOINT']}/_local/{path}"
    response = requests.request(method, url, json=body, timeout=120)
    response.raise_for_status()
    return response
