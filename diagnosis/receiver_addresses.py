"""Is an address that of this portal's receiver, and which instance's?"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from upstreams.receiver.protocol.paths import ROOT

# A proxy may strip what stands before it.
_RECEIVER: Final = re.compile(rf"{ROOT}([^/]+)(/?)")


class Target(NamedTuple):
    """Where requests go: to a host of ours or not, and there to the receiver of an instance.

    `instance` is empty where the path is not the receiver's, and in lower case otherwise. Without
    the slash behind it the receiver does not answer.
    """

    is_ours: bool
    instance: str = ""
    has_slash: bool = True


def target_of(url: str) -> Target:
    """Return where a request to `url` goes."""
    try:
        address = urlsplit(url)
    except ValueError:
        return Target(is_ours=False)
    found = _RECEIVER.search(unquote(address.path))
    if found is None:
        return Target(_is_ours(address))
    return Target(_is_ours(address), found[1].lower(), bool(found[2]))


def _is_ours(address: SplitResult) -> bool:
    # A portal that answers to any name does not say which are its own.
    names = [name for name in settings.ALLOWED_HOSTS if name != "*"]
    domain, _ = split_domain_port(address.netloc.rpartition("@")[2].lower())
    return validate_host(domain, names)
