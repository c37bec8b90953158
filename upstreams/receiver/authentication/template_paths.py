"""Comparison of the request's path with its headers, where the template puts the event in the path.

The service fills `{hub}`, `{category}` and `{event}` in with every reserved character escaped, and
WSGI servers undo the escapes before the application sees the path (RFC 3875, PATH_INFO), so that
`%2F` and `/` look alike in it. The path is therefore never split: the URL that the template
yields for the event in the headers is decoded in the same way, and both must be equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from upstreams.receiver.protocol.refusals import ProtocolError
from upstreams.receiver.protocol.requests import Route
from upstreams.url_templates.key_vault_references import KeyVaultReference, ReferenceProblem, split
from upstreams.url_templates.patterns import PLACEHOLDERS, expand

# Stands for a secret, which is unknown here. No path can contain it.
_UNKNOWN: Final = "\0"
_PATH: Final = re.compile(r"[^:/?#]+://[^/?#]*(/[^?#]*)")


def has_event(url_template: str, instance: str) -> bool:
    """Return whether the part of the path that the operator chooses names the event."""
    return _tail(url_template, instance) is not None


def check_path(url_templates: Iterable[str], instance: str, route: Route, rest: str) -> None:
    """Raise ProtocolError unless one of the templates yields the path for the event.

    `rest` follows the instance's name in the decoded path. A template whose path does not name the
    event, or does not lead to the receiver, agrees with every path.
    """
    expected = [_expected(each, instance, *_event(route)) for each in url_templates]
    if not expected or any(each is None or each.fullmatch(rest) for each in expected):
        return
    raise ProtocolError(
        "path_disagrees",
        "The path is not that of the URL template that matches the event.",
    )


def _event(route: Route) -> tuple[str, str, str]:
    return route.hub, route.category, route.event


@lru_cache(maxsize=1024)
def _expected(
    url_template: str, instance: str, hub: str, category: str, event: str
) -> re.Pattern[str] | None:
    tail = _tail(url_template, instance)
    if tail is None:
        return None
    path = unquote(expand(tail, hub, category, event))
    return re.compile(".+".join(map(re.escape, path.split(_UNKNOWN))), re.DOTALL)


@lru_cache(maxsize=1024)
def _tail(url_template: str, instance: str) -> str | None:
    """Return what follows the instance's name in the template's path, if it names the event."""
    path = _PATH.match(_without_secrets(url_template))
    if path is None:
        return None
    found = re.search(f"/upstream/{re.escape(instance)}/(.*)", path[1], re.IGNORECASE)
    names_event = found is not None and any(each in found[1] for each in PLACEHOLDERS)
    return found[1] if found is not None and names_event else None


def _without_secrets(url_template: str) -> str:
    try:
        parts = split(url_template)
    except ReferenceProblem:
        # The service treats it as plain text.
        return url_template
    return "".join(_UNKNOWN if isinstance(part, KeyVaultReference) else part for part in parts)
