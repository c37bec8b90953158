"""Errors of probes that got no response: what happened, and what to check.

Results store the name of the exception, of urllib3 or Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class ConnectionFailure(NamedTuple):
    """A short label, the evidence without its full stop, and the fix."""

    label: str
    evidence: str
    fix: str


_FAILURES: Final[Mapping[str, ConnectionFailure]] = {
    "gaierror": ConnectionFailure(
        "host name not resolved",
        "The host name cannot be resolved",
        "Correct the host name in the URL template, or add it to DNS.",
    ),
    "NewConnectionError": ConnectionFailure(
        "connection refused",
        "The connection was refused, or there is no route to the address",
        "Check that the receiver is running, and the port in the URL template.",
    ),
    "ConnectTimeoutError": ConnectionFailure(
        "no connection in time",
        "No connection was made in time",
        "Check that the receiver is running and that no firewall blocks the connection.",
    ),
    "ReadTimeoutError": ConnectionFailure(
        "no response in time",
        "It accepted the connection and sent no response in time",
        "Check the load and the log of the receiver.",
    ),
    "SSLError": ConnectionFailure(
        "TLS failed",
        "The TLS handshake failed, or the certificate is not valid for this host",
        "Check the port in the URL template, and the certificate that the receiver serves there.",
    ),
    "ProtocolError": ConnectionFailure(
        "invalid response",
        "It closed the connection without a valid HTTP response",
        "Check that an HTTP server listens at this port, and the log of the receiver.",
    ),
}
_OTHER: Final = ConnectionFailure(
    "no response",
    "It does not respond",
    "Check that the receiver is running and that Azure can reach it.",
)


def failure_of(error: str) -> ConnectionFailure:
    """Return what the exception of that name means."""
    return _FAILURES.get(error, _OTHER)
