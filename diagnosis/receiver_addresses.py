"""URLs of this portal's own receiver, and the instance that each is for."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings

from identities.models import SignalRInstance
from upstreams.receiver.protocol.paths import ROOT

_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
# A proxy may remove what precedes it.
_RECEIVER: Final = re.compile(rf"{ROOT}([^/]+)(/?)")


class Target(NamedTuple):
    """The destination of a request: whether the host is ours, and the receiver of which instance.

    `instance` is in lower case, and empty where the path is not the receiver's. Without the final
    slash the receiver does not answer.
    """

    is_ours: bool
    instance: str = ""
    has_slash: bool = True

    def is_receiver_of(self, instance: SignalRInstance) -> bool:
        """Return whether it is our receiver for that instance."""
        return self.is_ours and self.instance == instance.name.lower()


def target_of(url: str) -> Target:
    """Return the destination of a request to `url`."""
    try:
        address = urlsplit(url)
    except ValueError:
        return Target(is_ours=False)
    found = _RECEIVER.search(unquote(address.path))
    if found is None:
        return Target(_is_ours(address))
    return Target(_is_ours(address), found[1].lower(), bool(found[2]))


def _is_ours(address: SplitResult) -> bool:
    """Return whether SIGNALMAN_RECEIVER_HOSTS lists the URL's host and port.

    A host without a port stands for the default ports, 443 and 80.
    """
    try:
        host, port = address.hostname, address.port
    except ValueError:
        return False
    is_default = port is None or port == _DEFAULT_PORTS.get(address.scheme)
    names = {name.lower() for name in settings.SIGNALMAN_RECEIVER_HOSTS}
    return f"{host}:{port}" in names or (is_default and host in names)
