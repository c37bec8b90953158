"""The HTTP pipeline to ARM: allowed hosts, retries and time-outs."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from azure.core.pipeline import Pipeline, PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    CustomHookPolicy,
    HTTPPolicy,
    ProxyPolicy,
    RedirectPolicy,
    RequestIdPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy, ARMHttpLoggingPolicy

from arm.errors import UnexpectedAnswer
from arm.settings import ArmSettings, Call, origin
from arm.transport.credentials import credential
from arm.transport.write_guard import GuardedAdapter

# A read is retried within one call, but not for longer than a person would wait for a page.
READ_RETRIES: Final = 2
BACKOFF_SECONDS: Final = 0.25
LONGEST_WAIT_SECONDS: Final = 3.0
# Threads of one process that talk to ARM at once; more of them open connections of their own.
POOL_SIZE: Final = 32


@lru_cache
def pipeline(settings: ArmSettings) -> Pipeline[Any, Any]:
    """Return the process's pipeline for `settings`; safe to use from many threads.

    The policies are chosen here, not left to the SDK, because its own would follow redirects with
    the token, sleep for as long as `Retry-After` says, send a PATCH twice, and register resource
    providers in a blocking loop.
    """
    return Pipeline(
        transport=RequestsTransport(
            session=_session(),
            connection_timeout=settings.connect_seconds,
            read_timeout=settings.read_seconds,
        ),
        policies=[
            RequestIdPolicy(),
            UserAgentPolicy(user_agent="Signalman"),
            ProxyPolicy(),
            CustomHookPolicy(),
            ContentDecodePolicy(),
            RedirectPolicy.no_redirects(),
            ReadRetryPolicy(retry_total=READ_RETRIES, retry_backoff_factor=BACKOFF_SECONDS),
            OwnHostPolicy(settings),
            ARMChallengeAuthenticationPolicy(credential(settings), settings.scope),
            ObservedPolicy(settings),
            ARMHttpLoggingPolicy(),
        ],
    )


class OwnHostPolicy(SansIOHTTPPolicy[Any, Any]):
    """Restrict requests to the ARM endpoint's own host.

    URLs of next pages and of long-running operations come from responses, and the bearer token must
    not be sent to any other host.
    """

    def __init__(self, settings: ArmSettings) -> None:
        super().__init__()
        self._endpoint = settings.endpoint
        self._origin = origin(settings.endpoint)

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Raise UnexpectedAnswer unless the request stays on the endpoint's host, over https."""
        if origin(request.http_request.url) != self._origin:
            raise UnexpectedAnswer(
                f"The response contains a URL outside {self._endpoint}. Signalman sends its token "
                "to no other host.",
                code="ForeignAddress",
            )


class ObservedPolicy(HTTPPolicy[Any, Any]):
    """Report each request to the settings' observer."""

    def __init__(self, settings: ArmSettings) -> None:
        super().__init__()
        self._observe = settings.observe

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        """Send the request, and report it."""
        began = time.monotonic()
        status: int | None = None
        try:
            response = self.next.send(request)
            status = response.http_response.status_code
        finally:
            if self._observe is not None:
                asked = request.http_request
                host = urlsplit(asked.url).hostname or ""
                self._observe(Call(host, asked.method, status, time.monotonic() - began))
        return response


class ReadRetryPolicy(RetryPolicy[Any, Any]):
    """Retry reads a few times. Writes are retried by their operation, never here."""

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the SDK's settings with GET as the only method to retry."""
        return super().configure_retries(options) | {"methods": frozenset({"GET"})}

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Return whether to retry; a throttled read only where Retry-After is short."""
        if response.http_request.method != "GET":
            return False
        wait = self.get_retry_after(response)
        if wait is None and response.http_response.status_code == requests.codes.too_many_requests:
            return False
        return (wait or 0.0) <= LONGEST_WAIT_SECONDS and super().is_retry(settings, response)


def _session() -> requests.Session:
    session = requests.Session()
    session.mount("https://", GuardedAdapter(pool_maxsize=POOL_SIZE))
    return session
