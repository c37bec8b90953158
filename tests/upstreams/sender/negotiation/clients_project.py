"""A project that answers the drivers of third-party clients with hubs and the negotiation view."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jwt
from django.urls import URLPattern, include, path
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from tests.cloud import LocalAzure
from upstreams.negotiation import NegotiationView
from upstreams.receiver import Hub, HubError, UpstreamRequest

chat = Hub("Chat")
other = Hub("other")
cloud: list[LocalAzure] = []
events: list[str] = []


@chat.connected
def connected(request: UpstreamRequest) -> None:
    events.append(request.event)


@chat.disconnected
def disconnected(request: UpstreamRequest) -> None:
    events.append(request.event)


@chat.message("echo")
def echo(_request: UpstreamRequest, value: Any) -> Any:
    return value


@chat.message("fail")
async def fail(_request: UpstreamRequest) -> None:
    raise HubError("This method fails.")


@chat.message("nothing")
def nothing(_request: UpstreamRequest) -> None: ...


@chat.message("all")
async def to_all(_request: UpstreamRequest, text: str) -> None:
    await chat.asend_to_all("said", text)


@chat.message("user")
def to_user(_request: UpstreamRequest, user: str, text: str) -> None:
    chat.send_to_user(user, "said", text)


@chat.message("group")
async def to_group(_request: UpstreamRequest, group: str, text: str) -> None:
    await chat.asend_to_group(group, "said", text)


@chat.message("connection")
def to_connection(request: UpstreamRequest, text: Any) -> None:
    request.reply("said", text)


@chat.message("join")
def join(request: UpstreamRequest, group: str) -> int:
    return 200 if chat.add_to_group(group, connection_id=request.connection_id) else 404


@chat.message("ask")
async def ask(_request: UpstreamRequest, connection_id: str, question: str) -> Any:
    return await chat.ainvoke_connection(connection_id, "asked", question)


@chat.message("kick")
def kick(request: UpstreamRequest, reason: str) -> None:
    chat.close_connection(request.connection_id, reason=reason)


@chat.message("drop")
def drop(request: UpstreamRequest) -> None:
    cloud[0].post("/_local/connections/drop", {"connectionId": request.connection_id})


class ByQuery(BaseAuthentication):
    """Stands for the project's own: the query names the user."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        name = request.query_params.get("user")
        return (SimpleNamespace(pk=name, is_authenticated=True), None) if name else None


class Negotiation(NegotiationView):
    """Answers with a valid token, or with one that is expired, forged or another hub's."""

    authentication_classes = [ByQuery]

    def post(self, request: Request, hub: str) -> Response:
        response = super().post(request, "other" if hub == "foreign" else "chat")
        if hub in {"expired", "forged"}:
            token = response.data["accessToken"]
            claims = jwt.decode(token, options={"verify_signature": False})
            claims |= {"exp": 1} if hub == "expired" else {}
            response.data["accessToken"] = jwt.encode(claims, "x" * 44)
        if hub == "foreign":
            response.data["url"] = response.data["url"].replace("other", "chat")
        return response


urlpatterns: list[URLPattern | Any] = [
    path("<str:hub>/negotiate", Negotiation.as_view()),
    path("", include("config.urls")),
]
