"""Django's settings about HTTPS, in the form that the receiver applies to each request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver


@dataclass(frozen=True, slots=True)
class TransportSecurity:
    """The settings that SecurityMiddleware applies to other requests.

    `proxy_header` is the CGI name of the header that a trusted proxy sets, and its value for HTTPS.
    `strict_transport` is the header of responses over HTTPS (RFC 6797), empty where there is none.
    """

    is_https_required: bool
    proxy_header: tuple[str, str] | None
    strict_transport: bytes


@cache
def transport_security() -> TransportSecurity:
    """Return the settings of this process. Each of Django's takes a microsecond to read."""
    return TransportSecurity(
        is_https_required=settings.SECURE_SSL_REDIRECT,
        proxy_header=settings.SECURE_PROXY_SSL_HEADER,
        strict_transport=_strict_transport(),
    )


def _strict_transport() -> bytes:
    seconds = settings.SECURE_HSTS_SECONDS
    if not seconds:
        return b""
    value = f"max-age={seconds}"
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        value += "; includeSubDomains"
    return (value + "; preload" if settings.SECURE_HSTS_PRELOAD else value).encode()


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting.startswith("SECURE_"):
        transport_security.cache_clear()
