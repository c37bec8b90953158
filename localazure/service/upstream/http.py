"""Upstream requests over HTTP, as .NET's HttpClient sends them for the service.

No header of our own (user agent, accepted types and encodings), no proxy, 100 seconds at most.
Redirects are followed as HttpClient does: 50 at most, never from https to http, without the
Authorization header; 300 to 303 make it a GET without a body.
"""

from __future__ import annotations

import ssl
from functools import lru_cache
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

import aiohttp
from yarl import URL

from localazure.service.upstream.answers import MAXIMUM_BODY_BYTES, Answer
from localazure.service.upstream.hosts import require_local
from localazure.service.upstream.sites import SiteDelivery

TIMEOUT_SECONDS: Final = 100
_REDIRECTS = (300, 301, 302, 303, 307, 308)
_KEEPS_METHOD = (307, 308)
_MAXIMUM_REDIRECTS = 50
# aiohttp would add these.
_OWN_HEADERS: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
# What a URL may hold unescaped, and the sign of what is escaped already (RFC 3986, section 2.2).
_UNESCAPED: Final = "%:/?#[]@!$&'()*+,;="

Headers = list[tuple[str, str]]


def http_client() -> aiohttp.ClientSession:
    """Return the client for upstream requests, which trusts the system's certificates."""
    return aiohttp.ClientSession(
        # Each connected client may have one request under way.
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context(), limit=0),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=_OWN_HEADERS,
        auto_decompress=False,
    )


async def post(
    http: aiohttp.ClientSession, url: str, headers: Headers, body: bytes, sites: SiteDelivery
) -> Answer:
    """Send a request, follow redirects and return the answer.

    Requests to hosts of `sites` do not leave the process. Raises aiohttp.ClientError, TimeoutError,
    and NotLocal where a redirect leads off this machine.
    """
    method, content = "POST", body or None
    for _ in range(_MAXIMUM_REDIRECTS + 1):
        status, target, answer = await _exchange(http, method, url, headers, content, sites)
        if target is None:
            return answer
        if status not in _KEEPS_METHOD:
            method, content = "GET", None
        url, headers = target, _without(headers, method)
    raise aiohttp.ClientError(f"More than {_MAXIMUM_REDIRECTS} redirects.")


async def _exchange(
    http: aiohttp.ClientSession,
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
    async with http.request(
        method, _exact(url), headers=headers, data=content, allow_redirects=False
    ) as response:
        target = _redirect(url, response.status, response.headers.get("Location"))
        answer = Answer(response.status) if target else await _answer(response)
        return response.status, target, answer


@lru_cache(maxsize=1024)
def _exact(url: str) -> URL:
    """Return the URL as it is written: yarl would decode some of its escapes."""
    return URL(quote(url, safe=_UNESCAPED), encoded=True)


def _redirect(url: str, status: int, location: str | None) -> str | None:
    if status not in _REDIRECTS or not location:
        return None
    target = urljoin(url, str(location))
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        return None
    return target


def _without(headers: Headers, method: str) -> Headers:
    dropped = {"authorization"} | ({"content-type"} if method == "GET" else set())
    return [(name, value) for name, value in headers if name.lower() not in dropped]


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    """Read at most one byte more than the limit."""
    is_empty = response.headers.get("Content-Length") == "0"
    if is_empty:
        return Answer(response.status, is_empty=True)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAXIMUM_BODY_BYTES:
            response.close()
            break
    return Answer(response.status, bytes(body))
