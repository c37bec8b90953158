"""Upstream requests over HTTP, as .NET's HttpClient sends them for the service.

No header of our own (user agent, accepted types and encodings), no proxy, 100 seconds at most.
Redirects are followed as HttpClient does: 50 at most, never from https to http, without the
Authorization header; 300 to 303 make it a GET without a body.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin, urlsplit

from localazure.http_client import HttpClient, RequestFailed, Response
from localazure.service.upstream.answers import MAXIMUM_BODY_BYTES, Answer
from localazure.service.upstream.hosts import require_local
from localazure.service.upstream.sites import SiteDelivery

TIMEOUT_SECONDS: Final = 100
_REDIRECTS = (300, 301, 302, 303, 307, 308)
_KEEPS_METHOD = (307, 308)
_MAXIMUM_REDIRECTS = 50

Headers = list[tuple[str, str]]


async def post(
    http: HttpClient, url: str, headers: Headers, body: bytes, sites: SiteDelivery
) -> Answer:
    """Send a request, follow redirects and return the answer.

    Requests to hosts of `sites` do not leave the process. Raises RequestFailed, TimeoutError, and
    NotLocal where a redirect leads off this machine.
    """
    method, content = "POST", body or None
    for _ in range(_MAXIMUM_REDIRECTS + 1):
        status, target, answer = await _exchange(http, method, url, headers, content, sites)
        if target is None:
            return answer
        if status not in _KEEPS_METHOD:
            method, content = "GET", None
        url, headers = target, _without(headers, method)
    raise RequestFailed(f"More than {_MAXIMUM_REDIRECTS} redirects.")


async def _exchange(
    http: HttpClient,
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
    response = await http.request(
        method, url, headers, content, seconds=TIMEOUT_SECONDS, most=MAXIMUM_BODY_BYTES
    )
    target = _redirect(
        url, response.status, response.headers.get(b"location", b"").decode("latin-1")
    )
    return response.status, target, _answer(response)


def _redirect(url: str, status: int, location: str | None) -> str | None:
    if status not in _REDIRECTS or not location:
        return None
    target = urljoin(url, location)
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        return None
    return target


def _without(headers: Headers, method: str) -> Headers:
    dropped = {"authorization"} | ({"content-type"} if method == "GET" else set())
    return [(name, value) for name, value in headers if name.lower() not in dropped]


def _answer(response: Response) -> Answer:
    is_empty = response.headers.get(b"content-length") == b"0"
    return Answer(response.status, response.body, is_empty)
