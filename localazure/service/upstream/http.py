"""Upstream requests over HTTP, as .NET's HttpClient sends them for the service.

No header of our own (user agent, accepted types and encodings), no proxy, 100 seconds at most.
Redirects are followed as HttpClient does: 50 at most, never from https to http, without the
Authorization header; 300 to 303 make it a GET without a body.
"""

from __future__ import annotations

import ssl
from urllib.parse import urljoin, urlsplit

import httpx

from localazure.service.upstream.answers import MAXIMUM_BODY_BYTES, Answer
from localazure.service.upstream.hosts import require_local
from localazure.service.upstream.sites import SiteDelivery

TIMEOUT_SECONDS = 100
_REDIRECTS = (300, 301, 302, 303, 307, 308)
_KEEPS_METHOD = (307, 308)
_MAXIMUM_REDIRECTS = 50
# Each connected client may have one request under way.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=100)

Headers = list[tuple[bytes, bytes]]


def http_client() -> httpx.AsyncClient:
    """Return the client for upstream requests, which trusts the system's certificates."""
    client = httpx.AsyncClient(
        trust_env=False,
        timeout=TIMEOUT_SECONDS,
        verify=ssl.create_default_context(),
        limits=_LIMITS,
    )
    client.headers.clear()
    return client


async def post(
    http: httpx.AsyncClient, url: str, headers: Headers, body: bytes, sites: SiteDelivery
) -> Answer:
    """Send a request, follow redirects and return the answer.

    Requests to hosts of `sites` do not leave the process.
    Raises httpx.HTTPError, httpx.InvalidURL, and NotLocal where a redirect leads off this machine.
    """
    method, content = "POST", body or None
    for _ in range(_MAXIMUM_REDIRECTS + 1):
        status, target, answer = await _exchange(http, method, url, headers, content, sites)
        if target is None:
            return answer
        if status not in _KEEPS_METHOD:
            method, content = "GET", None
        url, headers = target, _without(headers, method)
    raise httpx.TooManyRedirects(f"More than {_MAXIMUM_REDIRECTS} redirects.")


async def _exchange(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    headers: Headers,
    content: bytes | None,
    sites: SiteDelivery,
) -> tuple[int, str | None, Answer]:
    """Return the status, the redirect that is followed, and the answer where there is none."""
    answered = sites(method, url, headers, content)
    if answered is not None:
        target = _redirect(url, answered.status, answered.headers.get("Location"))
        answer = Answer(
            answered.status, answered.body, not answered.body, refused_by=answered.refused_by
        )
        return answered.status, target, answer
    require_local(url)
    async with http.stream(method, url, headers=headers, content=content) as response:
        target = _redirect(url, response.status_code, response.headers.get("location"))
        answer = Answer(response.status_code) if target else await _answer(response)
        return response.status_code, target, answer


def _redirect(url: str, status: int, location: str | None) -> str | None:
    if status not in _REDIRECTS or not location:
        return None
    target = urljoin(url, str(location))
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        return None
    return target


def _without(headers: Headers, method: str) -> Headers:
    dropped = {b"authorization"} | ({b"content-type"} if method == "GET" else set())
    return [(name, value) for name, value in headers if name.lower() not in dropped]


async def _answer(response: httpx.Response) -> Answer:
    """Read at most one byte more than the limit."""
    is_empty = response.headers.get("content-length") == "0"
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAXIMUM_BODY_BYTES:
            break
    return Answer(response.status_code, bytes(body), is_empty)
