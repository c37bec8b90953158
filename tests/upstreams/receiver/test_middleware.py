"""What is sent to the receiver goes past the portal's middleware, and nothing else does."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from identities.models import SignalRInstance
from localazure import seed
from tests.upstreams.receiver.conftest import Service
from upstreams.receiver import UpstreamRequest
from upstreams.receiver.middleware import receiver_first


def behind(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("the portal")


@pytest.mark.parametrize("path", ["/upstream/chat/", "/upstream/chat/a%2Fb//", "/upstream/c/x\ny"])
def test_the_receiver_answers_before_the_portal(db: None, path: str) -> None:
    response = receiver_first(behind)(RequestFactory().post(path))
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/", "/upstream", "/upstream/", "/upstream/chat", "/upstream//", "/x/upstream/chat/"]
)
def test_everything_else_is_the_portals(path: str) -> None:
    # A request line holds the path after its first slash as it is.
    request = RequestFactory().post("/")
    request.path_info = path
    assert receiver_first(behind)(request).status_code == 200


def test_the_portal_keeps_its_headers(db: None) -> None:
    assert Client().get("/admin/login/")["X-Frame-Options"] == "DENY"


def test_a_token_that_came_in_the_clear_is_turned_away_where_https_is_demanded(
    chat: SignalRInstance,
    project: list[UpstreamRequest],
    service: Service,
    settings: Settings,
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    service.client = Client()
    response = service.post()
    assert response.status_code == 301
    assert project == []
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    service.client = Client(headers={"X-Forwarded-Proto": "https"})
    assert service.post().status_code == 200
    assert project[0].instance == seed.CHAT
