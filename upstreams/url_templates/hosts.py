"""Hosts of URL templates. Free of Django."""

from __future__ import annotations

from urllib.parse import urlsplit


def host_of(url_template: str) -> str | None:
    """Return the host of a URL template, in lower case; None where it has none."""
    try:
        return urlsplit(url_template).hostname
    except ValueError:
        return None
