"""Does the address of a template answer, and does it refuse a request without a token?

The only part of a diagnosis that touches the network, and only where the operator asks for it. It
sends no secret: no token, and nothing at all to addresses that hold a Key Vault reference. Whoever
may edit templates could otherwise make Signalman ask what only its own machine can reach, so that
the address is resolved once, checked and then connected to as it was checked.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError, NewConnectionError

from arm.state import TemplateState
from diagnosis.context import Subject
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.network_addresses import is_forbidden
from upstreams.key_vault_references import OPENING
from upstreams.patterns import CONNECTIONS, MESSAGES, accepts, expand, parse

_TIMEOUT: Final = Timeout(connect=3.0, read=5.0)
_UNAUTHORIZED: Final = 401
_REDIRECTS: Final = range(300, 400)
# What no hub and no method of anybody's is called, so that no handler answers.
_NOBODY: Final = "signalman-probe"
_PORTS: Final = {"http": 80, "https": 443}


class NotProbed(Exception):
    """The address is not asked; the message says why."""


def check_addresses(subject: Subject) -> Iterator[Finding]:
    """Probe the templates that Azure has, or where that is not known, those that are wanted."""
    return probe(subject.effective.templates)


def check_unasked(subject: Subject) -> Iterator[Finding]:
    """Say of the same templates how it is found out whether their addresses answer."""
    for index, template in enumerate(subject.effective.templates):
        try:
            _check_secrets(template)
        except NotProbed as reason:
            yield unknown(*_line(index), str(reason))
        else:
            yield unknown(
                *_line(index),
                "It was not asked: a diagnosis sends nothing by itself.",
                f"manage.py diagnose {subject.instance} --probe asks it; so can an operator on the "
                "instance's diagnosis page.",
            )


def probe(templates: Iterable[TemplateState]) -> Iterator[Finding]:
    """Send each template's address a request without a token, and say what it answers."""
    for index, template in enumerate(templates):
        key, title = _line(index)
        try:
            status = _status(template)
        except NotProbed as reason:
            yield unknown(key, title, str(reason))
        except (HTTPError, OSError) as error:
            yield failed(
                key,
                title,
                f"Nothing answers there: {type(error).__name__}.",
                "See that the receiver runs, and that Azure can reach its address.",
            )
        else:
            yield _finding(key, title, status)


def _line(index: int) -> tuple[str, str]:
    return f"templates[{index}].answers", f"Template {index}'s address answers"


def _finding(key: str, title: str, status: int) -> Finding:
    if status == _UNAUTHORIZED:
        return passed(key, title, "It refuses a request without a token: 401.")
    if status in _REDIRECTS:
        return failed(
            key, title, f"It redirects: {status}.", "Name the address that it redirects to."
        )
    if status < _REDIRECTS.start:
        return failed(
            key,
            title,
            f"It takes a request without a token: {status}. Anybody can send it events.",
            "Let it demand the token of the instance's identity.",
        )
    return failed(
        key,
        title,
        f"It answers {status} where a receiver asks for a token with 401.",
        "See that the address is the receiver's, and that it is in order.",
    )


def _status(template: TemplateState) -> int:
    _check_secrets(template)
    event = _event(template)
    address = _split(expand(template.url_template, *event))
    trouble: HTTPError | None = None
    for resolved in _resolved(address.hostname or "", _port(address)):
        try:
            return _ask(address, resolved, event)
        except NewConnectionError as error:
            trouble = error
    raise trouble or HTTPError("The host has no address.")


def _check_secrets(template: TemplateState) -> None:
    if OPENING in template.url_template:
        raise NotProbed("It holds a secret from a vault, which is not sent from here.")


def _ask(address: SplitResult, resolved: str, event: tuple[str, str, str]) -> int:
    hub, category, name = event
    # A receiver reads these before it asks who calls.
    headers = {
        "Host": address.netloc,
        "Content-Type": "application/json",
        "X-ASRS-Hub": hub,
        "X-ASRS-Category": category,
        "X-ASRS-Event": quote(name),
        "X-ASRS-Connection-Id": _NOBODY,
    }
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    with _pool(address, resolved) as pool:
        answer = pool.urlopen(
            "POST",
            target,
            body=b"{}",
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
        )
        answer.close()
        return answer.status


def _split(url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError as error:
        raise NotProbed("It is not an address.") from error
    if address.scheme not in _PORTS or not address.hostname:
        raise NotProbed("It is neither an http nor an https address.")
    if address.username is not None:
        raise NotProbed("It holds a name or a password, which is not sent from here.")
    if not url.isascii():
        raise NotProbed("It holds letters other than ASCII's.")
    return address


def _port(address: SplitResult) -> int:
    return address.port or _PORTS[address.scheme]


def _pool(address: SplitResult, resolved: str) -> HTTPConnectionPool:
    """Return connections to the address that the host's name was resolved to and checked as."""
    port = _port(address)
    if address.scheme == "http":
        return HTTPConnectionPool(resolved, port, timeout=_TIMEOUT)
    return HTTPSConnectionPool(
        resolved,
        port,
        timeout=_TIMEOUT,
        server_hostname=address.hostname,
        assert_hostname=address.hostname,
        cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where(),
    )


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise NotProbed("It names no host.") from error
    addresses = [str(each[4][0]) for each in found]
    if any(is_forbidden(each) for each in addresses):
        raise NotProbed("It leads to a link-local or metadata address, which is not asked.")
    return addresses


def _event(template: TemplateState) -> tuple[str, str, str]:
    """Return an event that the template takes, where it can be one that no handler knows."""
    category = MESSAGES if accepts(template.category_pattern, MESSAGES) else CONNECTIONS
    nothing = _NOBODY if category == MESSAGES else "disconnected"
    return _one(template.hub_pattern, _NOBODY), category, _one(template.event_pattern, nothing)


def _one(pattern: str, otherwise: str) -> str:
    names = parse(pattern)
    return min(names) if names else otherwise
