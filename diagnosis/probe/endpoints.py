"""Probes: whether a template's endpoint answers, and refuses a request without a token.

This is the only check that uses the network, and only when an operator requests it. Its results are
stored, and count as evidence in later diagnoses. It sends no
secret: no token, and nothing at all to a URL with a Key Vault reference. Against server-side
request forgery by editors of templates, the host name is resolved once, the address is checked, and
the connection goes to that address.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

import certifi
from django.conf import settings
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError, NewConnectionError

from arm.instance_state import TemplateState
from diagnosis.context import RECENT, Context
from diagnosis.findings import Finding, failed, passed, unknown
from diagnosis.probe.connection_errors import failure_of
from diagnosis.probe.network_addresses import is_forbidden, is_public
from diagnosis.probe.stored_results import ProbeResult, StoredResult, store_results, stored_result
from diagnosis.receiver_addresses import target_of
from upstreams.url_templates.key_vault_references import OPENING
from upstreams.url_templates.patterns import CONNECTIONS, MESSAGES, accepts, expand, parse

_TIMEOUT: Final = Timeout(connect=3.0, read=5.0)
_UNAUTHORIZED: Final = 401
_REDIRECTS: Final = range(300, 400)
# No hub and no method has this name, so no handler answers.
_UNUSED_NAME: Final = "signalman-probe"
_PORTS: Final = {"http": 80, "https": 443}


class NotProbed(Exception):
    """The endpoint is not probed; the message says why."""


def check_endpoints(context: Context) -> Iterator[Finding]:
    """Probe the endpoints of the templates in the effective state, and store the results."""
    findings, results = [], {}
    templates = context.effective.templates
    for index, template in enumerate(templates):
        try:
            results[template] = _result(template)
        except NotProbed as reason:
            findings.append(unknown(*_line(index), str(reason)))
        else:
            findings.append(_finding(*_line(index), results[template]))
    apps = {each: app for each in results if (app := context.function_app(each)) is not None}
    store_results(context.instance, results, apps, context.now)
    yield from findings


def check_endpoints_not_probed(context: Context) -> Iterator[Finding]:
    """Report the last results of probes of the same templates, as far as they still hold."""
    for index, template in enumerate(context.effective.templates):
        stored = stored_result(
            template, context.function_app(template), context.probes, context.now
        )
        if stored is not None and stored.is_fresh and not _is_superseded(stored, template, context):
            yield _earlier(index, stored)
        elif _is_known_to_answer(template, context):
            yield passed(
                *_line(index),
                "It accepted deliveries in the last hour, and it refuses requests without a token.",
            )
        else:
            yield _not_probed(index, template, stored, context)


def _earlier(index: int, stored: StoredResult) -> Finding:
    """Return the finding of an earlier probe, with its time and age."""
    found = _finding(*_line(index), stored.result)
    return replace(found, evidence=f"{found.evidence} {_when(stored)}")


def _is_superseded(stored: StoredResult, template: TemplateState, context: Context) -> bool:
    """Return whether later deliveries show more than a probe that failed before them."""
    is_older = context.now - stored.probed_at > RECENT
    return is_older and _is_known_to_answer(template, context)


def _not_probed(
    index: int, template: TemplateState, stored: StoredResult | None, context: Context
) -> Finding:
    try:
        _check_secrets(template)
    except NotProbed as reason:
        return unknown(*_line(index), str(reason))
    evidence = "It was not probed: a diagnosis probes endpoints only if you request it."
    if stored is not None:
        why = (
            "The last probe was too long ago."
            if stored.is_current
            else "The template or the app's settings have changed since the last probe."
        )
        earlier = _finding(*_line(index), stored.result).evidence
        evidence = f"{why} Its result: {earlier} {_when(stored)}"
    return unknown(
        *_line(index),
        evidence,
        f"Probe it with manage.py diagnose {context.instance} --probe, or with Probe "
        "endpoints on the instance's Diagnosis tab.",
    )


def _when(stored: StoredResult) -> str:
    return f"Probed at {stored.probed_at:%Y-%m-%d %H:%M} UTC, {stored.age} ago."


def _is_known_to_answer(template: TemplateState, context: Context) -> bool:
    """Return whether the accepted deliveries of the last hour were sent to the template's endpoint.

    Counts do not name the endpoint, so this is known only where the templates use one address of
    this portal's receiver.
    """
    if not context.accepted or _own_address(template, context) is None:
        return False
    found = {_own_address(each, context) for each in context.effective.templates}
    return len(found - {None}) == 1


def _own_address(template: TemplateState, context: Context) -> str | None:
    """Return scheme and host of the URL where it is that of our receiver for the instance."""
    url = expand(template.url_template, *_event(template))
    target = target_of(url)
    if not target.is_receiver_of(context.instance):
        return None
    return url.partition("/upstream/")[0].lower()


def probe(templates: Iterable[TemplateState]) -> Iterator[Finding]:
    """Send each template's endpoint a request without a token, and report what it answers."""
    for index, template in enumerate(templates):
        try:
            yield _finding(*_line(index), _result(template))
        except NotProbed as reason:
            yield unknown(*_line(index), str(reason))


def _result(template: TemplateState) -> ProbeResult:
    try:
        return ProbeResult(_status(template))
    except (HTTPError, OSError) as error:
        return ProbeResult(None, type(error).__name__)


def _line(index: int) -> tuple[str, str]:
    return f"templates[{index}].answers", f"The endpoint of template {index + 1} requires a token"


def _finding(key: str, title: str, result: ProbeResult) -> Finding:
    status = result.status
    if status is None:
        failure = failure_of(result.error)
        return failed(key, title, f"{failure.evidence} ({result.error}).", failure.fix)
    if status == _UNAUTHORIZED:
        return passed(key, title, "It refuses a request without a token: 401.")
    if status in _REDIRECTS:
        return failed(
            key,
            title,
            f"It redirects a request without a token: {status}. A receiver returns 401.",
            "If the receiver has moved, use its new URL in the template. If it redirects to a "
            "sign-in page, configure the app to return 401 for requests without a token.",
        )
    if status < _REDIRECTS.start:
        return failed(
            key,
            title,
            f"It accepts a request without a token: {status}. Any sender can send it events.",
            "Configure the receiver to require the token of the instance's identity.",
        )
    return failed(
        key,
        title,
        f"It returns {status} for a request without a token. A receiver returns 401.",
        "Check that the URL is that of the receiver, and check the receiver's log.",
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
    raise trouble or HTTPError("The host name has no address.")


def _check_secrets(template: TemplateState) -> None:
    if OPENING in template.url_template:
        raise NotProbed("Its URL references a Key Vault secret, which Signalman does not read.")


def _ask(address: SplitResult, resolved: str, event: tuple[str, str, str]) -> int:
    hub, category, name = event
    # A receiver reads these before it authenticates the caller.
    headers = {
        "Host": address.netloc,
        "Content-Type": "application/json",
        "X-ASRS-Hub": hub,
        "X-ASRS-Category": category,
        "X-ASRS-Event": quote(name),
        "X-ASRS-Connection-Id": _UNUSED_NAME,
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
        raise NotProbed("Its URL is not valid.") from error
    if address.scheme not in _PORTS or not address.hostname:
        raise NotProbed("Its URL does not begin with http:// or https://, followed by a host.")
    if address.username is not None:
        raise NotProbed(
            "Its URL contains a user name or a password, which Signalman does not send."
        )
    if not url.isascii():
        raise NotProbed("Its URL contains non-ASCII characters. Percent-encode them.")
    return address


def _port(address: SplitResult) -> int:
    return address.port or _PORTS[address.scheme]


def _pool(address: SplitResult, resolved: str) -> HTTPConnectionPool:
    """Return a pool that connects to the resolved and checked address only."""
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
        raise NotProbed("Its host name is not valid.") from error
    addresses = [str(each[4][0]) for each in found]
    if any(is_forbidden(each) for each in addresses):
        raise NotProbed(
            "Its host name resolves to a link-local or metadata address. Such addresses are not "
            "probed."
        )
    allowed = settings.SIGNALMAN_PROBE_NETWORKS
    if not all(is_public(each, besides=allowed) for each in addresses):
        # An editor of templates could otherwise find out what listens in the server's networks.
        raise NotProbed(
            "Its host name resolves to an address that is not public. Such addresses are not "
            "probed. If receivers are in that network, add it to SIGNALMAN_PROBE_NETWORKS."
        )
    return addresses


def _event(template: TemplateState) -> tuple[str, str, str]:
    """Return an event that the template matches, if possible one that no handler handles."""
    category = MESSAGES if accepts(template.category_pattern, MESSAGES) else CONNECTIONS
    nothing = _UNUSED_NAME if category == MESSAGES else "disconnected"
    return _one(template.hub_pattern, _UNUSED_NAME), category, _one(template.event_pattern, nothing)


def _one(pattern: str, otherwise: str) -> str:
    names = parse(pattern)
    return min(names) if names else otherwise
