"""Web processes that serve the portal only, or the receiver only."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.config.web import serving
from tests.sync.portal import Portal, new_portal

pytestmark = pytest.mark.slow

UPSTREAM = f"/upstream/{seed.CHAT}/"


@pytest.fixture
def portal(local_azure: LocalAzure, tmp_path: Path) -> Portal:
    return new_portal(tmp_path, seed.CHAT)


def statuses(portal: Portal, role: str) -> dict[str, int]:
    """Return the status of a GET of each address, and of a POST of an upstream request."""
    paths = ("/admin/login/", "/api/v1/instances/", "/livez", "/metrics", "/nowhere/")
    probes = ("/readyz/receiver", "/readyz/portal")
    with serving(portal.environment | {"SIGNALMAN_WEB_ROLE": role}) as url:
        found = {
            path: requests.get(url + path, timeout=60, allow_redirects=False).status_code
            for path in (*paths, *probes)
        }
        return found | {UPSTREAM: requests.post(url + UPSTREAM, timeout=60).status_code}


def test_receiver_serves_upstream_requests_only(portal: Portal) -> None:
    found = statuses(portal, "receiver")
    # Whether the keys have been read by now does not matter here.
    assert found.pop("/readyz/receiver") in {200, 503}
    assert found == {
        # A request without headers.
        UPSTREAM: 400,
        "/admin/login/": 404,
        "/api/v1/instances/": 404,
        "/livez": 200,
        "/metrics": 200,
        "/nowhere/": 404,
        "/readyz/portal": 404,
    }


def test_portal_serves_no_upstream_requests(portal: Portal) -> None:
    assert statuses(portal, "portal") == {
        UPSTREAM: 404,
        "/admin/login/": 200,
        "/api/v1/instances/": 401,
        "/livez": 200,
        "/metrics": 200,
        "/nowhere/": 404,
        "/readyz/portal": 200,
        "/readyz/receiver": 404,
    }
