"""Names of requests and forms of values, for comparison."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
HEX32 = re.compile(r"\b[0-9a-f]{32}\b", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)?")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_SUBSCRIPTION = re.compile(r"/subscriptions/[^/?\"\\ ]+", re.IGNORECASE)
_GROUP = re.compile(r"/resourcegroups/[^/?\"\\ ]+", re.IGNORECASE)
_VAULT = re.compile(r"^/keyvault/[^/]+")
_ARM_HOSTS = re.compile(r"https://(?:management\.azure\.com|graph\.microsoft\.com)(?::443)?")


def request_name(method: str, path: str) -> str:
    """Return a method and path with names replaced, so that requests of one kind have one name."""
    path = _SUBSCRIPTION.sub("/{sub}", path)
    path = _GROUP.sub("/{group}", path)
    path = _VAULT.sub("vault:", path)
    head, mark, tail = path.rpartition("/providers/")
    if mark:
        parts = tail.split("/")
        kept = (one if index == 0 or index % 2 else "{}" for index, one in enumerate(parts))
        path = f"{head}/{'/'.join(kept)}"
    elif path.startswith("vault:"):
        parts = path.split("/")
        path = "/".join(one if index < 2 else "{}" for index, one in enumerate(parts))
    path = re.sub(r"/(operationresults)/[^/]+$", r"/\1/{}", path, flags=re.IGNORECASE)
    return f"{method} {GUID.sub('{}', path)}"


def plain(text: str, base: str) -> str:
    """Return a text without the values that differ between runs: hosts, ids and subscriptions."""
    text = _ARM_HOSTS.sub("https://azure", text).replace(base, "https://azure")
    text = _SUBSCRIPTION.sub("/subscriptions/SUB", text)
    return HEX32.sub("HEX32", GUID.sub("GUID", text))


def form(value: str) -> str:
    """Return the kind of a generated value, or the empty text."""
    if GUID.fullmatch(value):
        return "GUID"
    if found := _TIME.fullmatch(value):
        return f"time {found['zone'] or 'local'}"
    if _ADDRESS.fullmatch(value):
        return "IP address"
    return ""


def url_form(value: str) -> str:
    """Return the kind of request that a URL makes, and the names of its parameters."""
    parts = urlsplit(value)
    _, _, path = request_name("", parts.path).partition(" ")
    names = sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return f"{path}?{'&'.join(names)}"


def brief(value: Any) -> str:
    """Return a short text for a value in a report."""
    if isinstance(value, dict | list) and value:
        return "{...}" if isinstance(value, dict) else "[...]"
    if isinstance(value, str):
        value = form(value) or GUID.sub("GUID", _GROUP.sub("/resourceGroups/{}", value))
    return json.dumps(value)[:90]
