"""Reasons why a request for signing keys failed: the setting or the component to fix."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import requests
from urllib3 import exceptions as urllib3_errors

from validation.encoding import json_object
from validation.errors import Refused

_AADSTS: Final = re.compile(r"AADSTS\d+")
# The rest of Entra's description identifies the request.
_TRACE: Final = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp):.*", re.DOTALL)
_LONGEST: Final = 300
_CERTIFICATE_HINTS: Final = {
    "unable to get local issuer certificate": "The certificate authority is not trusted",
    "self-signed certificate in certificate chain": "The certificate authority is not trusted",
    "self-signed certificate": "The certificate is self-signed",
}
_TRUST_HINT: Final = (
    "If a proxy inspects TLS, set REQUESTS_CA_BUNDLE to a file with its certificate authority"
)


def explain(error: BaseException) -> str:
    """Return why no answer came, to follow "<URL> did not respond: "."""
    causes = list(_causes(error))
    for kind, text in _KINDS:
        for cause in causes:
            if isinstance(cause, kind):
                return text(cause)
    return type(error).__name__


def is_local(error: BaseException) -> bool:
    """Return whether this machine's configuration is wrong, so that no request could be sent."""
    return _is_file_missing(error) or isinstance(error, requests.exceptions.InvalidSchema)


def explain_local(error: BaseException) -> str:
    """Return what is wrong with this machine's configuration, without a full stop.

    `error` is one for which `is_local` is true.
    """
    if _is_file_missing(error):
        return (
            "The file of certificate authorities that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names "
            "cannot be read"
        )
    return (
        "HTTPS_PROXY or ALL_PROXY names a proxy of a kind that is not supported here; a SOCKS "
        "proxy needs the package PySocks"
    )


def entra_error(body: bytes) -> str:
    """Return the AADSTS code and message from the body of Entra's answer; empty if it has none."""
    try:
        document = json_object(body, "document")
    except Refused:
        return ""
    description = str(document.get("error_description", ""))
    if not _AADSTS.search(description):
        return ""
    return _printable(_TRACE.sub("", description)).strip().rstrip(".")


def _printable(text: str) -> str:
    """Return text of another party for logs: one line of bounded length."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that it was caused by or wraps."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        found = pending.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        pending += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]


def _certificate(error: BaseException) -> str:
    reason = str(getattr(error, "verify_message", "") or "it does not verify").rstrip(".")
    hint = next((text for part, text in _CERTIFICATE_HINTS.items() if part in reason), "")
    words = f"its certificate is refused: {reason}"
    return f"{words}. {hint}. {_TRUST_HINT}" if hint else words


def _tls(error: BaseException) -> str:
    return f"the TLS handshake failed: {getattr(error, 'reason', None) or type(error).__name__}"


def _proxy(error: BaseException) -> str:
    inner = getattr(error, "original_error", None)
    detail = explain(inner) if isinstance(inner, BaseException) else type(error).__name__
    if isinstance(inner, OSError) and str(inner).startswith("Tunnel connection failed"):
        detail = _printable(str(inner))
    return f"the proxy that HTTPS_PROXY names failed: {detail}"


_KINDS: Final = (
    (urllib3_errors.ProxyError, _proxy),
    (ssl.SSLCertVerificationError, _certificate),
    (ssl.SSLError, _tls),
    (
        socket.gaierror,
        lambda _error: "the host name cannot be resolved; check DNS and AZURE_AUTHORITY_HOST",
    ),
    (
        ConnectionRefusedError,
        lambda _error: "the connection was refused; check the address and firewalls",
    ),
    (
        (requests.exceptions.ConnectTimeout, urllib3_errors.ConnectTimeoutError),
        lambda _error: "no connection in time; check firewalls and whether a proxy is needed",
    ),
    (
        (requests.exceptions.ReadTimeout, urllib3_errors.ReadTimeoutError),
        lambda _error: "it was connected, and sent nothing in time",
    ),
    (ConnectionResetError, lambda _error: "the connection was reset"),
)


def _is_file_missing(error: BaseException) -> bool:
    """Return whether the file of certificate authorities is missing: requests raises OSError."""
    return type(error) is OSError and "CA certificate bundle" in str(error)
