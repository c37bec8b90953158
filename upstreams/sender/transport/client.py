"""The transport over HTTP: sends requests, retries where Microsoft's SDK does, issues tokens.

Sends are retried after a status above 500, other calls after 408, 500 and above, and after a
time-out. Connections that fail and 429 are not retried: the caller decides. Source:
DependencyInjectionExtensions.cs of Microsoft's Management SDK.
"""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from typing import Any, Final

from observability.azure_and_token_metrics import service_called
from upstreams.sender import credentials, endpoints
from upstreams.sender.activity import activity
from upstreams.sender.calls import Call
from upstreams.sender.client_tokens import ClientIdentity, Negotiation
from upstreams.sender.configuration import configuration
from upstreams.sender.context import Destination
from upstreams.sender.credentials import SigningKey
from upstreams.sender.endpoints import Endpoint
from upstreams.sender.errors import SendError
from upstreams.sender.transport import http, refusals, rest_requests
from upstreams.sender.transport.responses import NoResponse, Response
from upstreams.sender.transport.rest_requests import Request

# Microsoft's SDK requests a temporary key after this time; it is valid for 90 minutes.
_KEY_SECONDS: Final = 55 * 60.0


class ServiceClient:
    """Carries out the calls of hubs, and negotiates for clients. One for each process."""

    def __init__(self) -> None:
        self._keys: Final[dict[str, tuple[float, SigningKey]]] = {}

    def run(self, destination: Destination, call: Call) -> bool:
        """Carry out a call; return False where what it names does not exist.

        Raises InvalidCall, SendError, and ImproperlyConfigured where no instance is known.
        """
        request = rest_requests.request(destination.hub, call)
        response = self._exchange(endpoints.find(destination.instance), request)
        return not refusals.is_absent(response)

    async def arun(self, destination: Destination, call: Call) -> bool:
        """Carry out a call as `run` does, without blocking the event loop."""
        request = rest_requests.request(destination.hub, call)
        response = await self._aexchange(await endpoints.afind(destination.instance), request)
        return not refusals.is_absent(response)

    def invoke(self, destination: Destination, call: Call) -> Any:
        """Carry out a call, and return the client's result. Raises as `run` does."""
        request = rest_requests.request(destination.hub, call)
        endpoint = endpoints.find(destination.instance)
        return _result(endpoint, request, self._exchange(endpoint, request))

    async def ainvoke(self, destination: Destination, call: Call) -> Any:
        """Carry out a call, and return the client's result. Raises as `run` does."""
        request = rest_requests.request(destination.hub, call)
        endpoint = await endpoints.afind(destination.instance)
        return _result(endpoint, request, await self._aexchange(endpoint, request))

    def negotiate(self, destination: Destination, client: ClientIdentity) -> Negotiation:
        """Return where the client connects, and its token. Raises as `run` does.

        The instance's access key signs it. Without one the service generates the token, or, where
        it has claims, a temporary key signs it.
        """
        endpoint = endpoints.find(destination.instance)
        if endpoint.access_key:
            token = _signed(endpoint, destination.hub, client)
        elif not client.claims:
            answer = self._exchange(endpoint, rest_requests.token_request(destination.hub, client))
            token = _member(endpoint, answer, "token")
        else:
            key = self._fresh_key(endpoint) or self._keep(
                endpoint, self._exchange(endpoint, rest_requests.key_request())
            )
            token = credentials.client_token(key, endpoint, destination.hub, client)
        return _negotiation(endpoint, destination.hub, token)

    async def anegotiate(self, destination: Destination, client: ClientIdentity) -> Negotiation:
        """Return what `negotiate` does, without blocking the event loop."""
        endpoint = await endpoints.afind(destination.instance)
        if endpoint.access_key:
            token = _signed(endpoint, destination.hub, client)
        elif not client.claims:
            answer = await self._aexchange(
                endpoint, rest_requests.token_request(destination.hub, client)
            )
            token = _member(endpoint, answer, "token")
        else:
            key = self._fresh_key(endpoint) or self._keep(
                endpoint, await self._aexchange(endpoint, rest_requests.key_request())
            )
            token = credentials.client_token(key, endpoint, destination.hub, client)
        return _negotiation(endpoint, destination.hub, token)

    def _exchange(self, endpoint: Endpoint, request: Request) -> Response:
        attempts = _Attempts(endpoint, request)
        url = endpoint.url + request.path
        while True:
            token = credentials.bearer(endpoint, url)
            attempts.begin()
            try:
                response = http.send(*_sent(url, request, token))
            except NoResponse as error:
                attempts.failed(error)
            else:
                if attempts.is_final(response):
                    return response
            time.sleep(configuration().retry_seconds)

    async def _aexchange(self, endpoint: Endpoint, request: Request) -> Response:
        attempts = _Attempts(endpoint, request)
        url = endpoint.url + request.path
        while True:
            token = await credentials.abearer(endpoint, url)
            attempts.begin()
            try:
                response = await http.asend(*_sent(url, request, token))
            except NoResponse as error:
                attempts.failed(error)
            else:
                if attempts.is_final(response):
                    return response
            await asyncio.sleep(configuration().retry_seconds)

    def _fresh_key(self, endpoint: Endpoint) -> SigningKey | None:
        until, key = self._keys.get(endpoint.url, (0.0, None))
        return key if time.monotonic() < until else None

    def _keep(self, endpoint: Endpoint, response: Response) -> SigningKey:
        secret = _member(endpoint, response, "AccessKey")
        key = SigningKey(secret, _member(endpoint, response, "KeyId"))
        self._keys[endpoint.url] = (time.monotonic() + _KEY_SECONDS, key)
        return key


class _Attempts:
    """The attempts of one request: how many are left, and whether another may be made."""

    def __init__(self, endpoint: Endpoint, request: Request) -> None:
        self._endpoint = endpoint
        self._request = request
        self._left = configuration().retries
        self._began = 0.0

    def begin(self) -> None:
        """Note that an attempt begins."""
        self._began = time.monotonic()

    def is_final(self, response: Response) -> bool:
        """Return whether to return the response; False is to retry. Raises SendError."""
        self._count(response.status)
        if response.is_success or refusals.is_absent(response):
            activity.note(self._endpoint.instance, HTTPStatus.OK)
            return True
        activity.note(self._endpoint.instance, response.status)
        if refusals.is_repeatable(self._request, response.status) and self._next():
            return False
        raise refusals.refusal(self._endpoint, self._request, response)

    def failed(self, error: NoResponse) -> None:
        """Return to retry after a time-out. Raises SendError."""
        self._count(None)
        is_repeatable = error.is_timeout and error.was_sent and not self._request.is_send
        if not (is_repeatable and self._next()):
            raise refusals.no_response(self._endpoint, self._request, error) from error

    def _count(self, status: int | None) -> None:
        service_called(self._request.method, status, time.monotonic() - self._began)

    def _next(self) -> bool:
        self._left -= 1
        return self._left >= 0


def _sent(url: str, request: Request, token: str) -> tuple[str, str, dict[str, str], bytes]:
    headers = {"Authorization": f"Bearer {token}"}
    if request.content_type:
        headers["Content-Type"] = request.content_type
    return request.method, f"{url}?{request.query}", headers, request.body


def _result(endpoint: Endpoint, request: Request, response: Response) -> Any:
    """Return the result in a response; None for a method that returns none. Raises SendError."""
    if refusals.is_absent(response):
        raise refusals.refusal(endpoint, request, response)
    try:
        document = response.json()
    except ValueError:
        document = None
    return document.get("result") if isinstance(document, dict) else None


def _signed(endpoint: Endpoint, hub: str, client: ClientIdentity) -> str:
    return credentials.client_token(SigningKey(endpoint.access_key), endpoint, hub, client)


def _member(endpoint: Endpoint, response: Response, name: str) -> str:
    """Return a string of a JSON body. Raises SendError without quoting it: it holds a secret."""
    try:
        document = response.json()
    except ValueError:
        document = None
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, str) or not found:
        raise SendError(
            f"The SignalR service {endpoint.instance!r} returned no {name!r}.",
            status=response.status,
        )
    return found


def _negotiation(endpoint: Endpoint, hub: str, token: str) -> Negotiation:
    return Negotiation(credentials.client_address(endpoint.client_url, hub), token)
