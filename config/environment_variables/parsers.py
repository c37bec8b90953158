"""Parsers of the values of environment variables, by type. They raise Invalid."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import dj_database_url

from config.environment_variables.variable import Invalid

_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})
_WHOLE: Final = re.compile(r"[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
_DOTTED: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_HOST: Final = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
# This machine's names: what is sent there does not leave it.
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})
_DATABASES: Final = ("postgres", "postgresql", "sqlite")
_DATABASE_FORM: Final = (
    "must be a URL such as postgres://user:password@host:5432/name, with special characters of "
    "the password percent-encoded, or sqlite:////path/to/file"
)


def text(value: str) -> str:
    """Return the text; it may be empty."""
    return value


def required_text(value: str) -> str:
    """Return the text. Raises Invalid where it is empty."""
    if not value:
        raise Invalid("must not be empty")
    return value


def flag(value: str) -> bool:
    """Return true or false."""
    word = value.lower()
    if word not in _TRUE | _FALSE:
        raise Invalid("must be true or false")
    return word in _TRUE


def whole_number(minimum: int = 0) -> Callable[[str], int]:
    """Return a parser of whole numbers from `minimum` up."""

    def parse(value: str) -> int:
        if not _WHOLE.fullmatch(value) or int(value) < minimum:
            raise Invalid(f"must be a whole number of at least {minimum}")
        return int(value)

    return parse


def positive_number(value: str) -> float:
    """Return a number above 0."""
    if not _DECIMAL.fullmatch(value) or not float(value):
        raise Invalid("must be a number above 0")
    return float(value)


def non_negative_number(value: str) -> float:
    """Return a number of at least 0."""
    if not _DECIMAL.fullmatch(value):
        raise Invalid("must be a number of at least 0")
    return float(value)


def choice(*allowed: str) -> Callable[[str], str]:
    """Return a parser of one of the words, in any case."""
    words = {word.lower(): word for word in allowed}

    def parse(value: str) -> str:
        if value.lower() not in words:
            raise Invalid(f"must be one of {', '.join(allowed)}")
        return words[value.lower()]

    return parse


def words(value: str) -> list[str]:
    """Return the entries of a comma-separated list, without blanks around them."""
    return [entry for entry in map(str.strip, value.split(",")) if entry]


def apps(value: str) -> list[str]:
    """Return Django apps: modules, or paths of their AppConfig classes. Their modules must exist.

    Raises what an app's own package raises when it is imported.
    """
    found = words(value)
    if len(set(found)) < len(found):
        raise Invalid("must name each app once")
    for entry in found:
        if not _DOTTED.fullmatch(entry):
            raise Invalid("must list Python packages, separated by commas: myproject.chat")
        if not _is_importable(entry) and not _is_importable(entry.rpartition(".")[0]):
            raise Invalid(
                f"names {entry}, which cannot be imported: install the package, or start Signalman "
                "in the folder that contains it"
            )
    return found


def hosts(value: str) -> list[str]:
    """Return host names: no scheme, port or path."""
    found = words(value)
    if not found or not all(map(_HOST.fullmatch, found)):
        raise Invalid(
            "must list host names separated by commas, without scheme, port or path: "
            "signalman.example.com"
        )
    return found


def optional_hosts(value: str) -> list[str]:
    """Return host names; there may be none."""
    return hosts(value) if words(value) else []


def hosts_with_ports(value: str) -> list[str]:
    """Return host names, each with or without a port; there may be none."""
    found = words(value)
    for entry in found:
        host, colon, port = entry.partition(":")
        if not _HOST.fullmatch(host) or (colon and not _is_port(port)):
            raise Invalid(
                "must list hosts, with a port where it is not 443 or 80: "
                "signalman.example.com, localhost:8000"
            )
    return found


def origins(value: str) -> list[str]:
    """Return web origins: scheme and host, and a port where it is not the scheme's own."""
    found = words(value)
    for entry in found:
        parts = _split(entry)
        is_origin = parts.scheme in {"http", "https"} and _names_host(parts)
        rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
        if not is_origin or any(rest):
            raise Invalid("must list origins with a scheme and no path: https://portal.example.com")
    return [entry.rstrip("/") for entry in found]


def networks(value: str) -> list[str]:
    """Return IP networks in CIDR notation."""
    found = words(value)
    try:
        for entry in found:
            ip_network(entry)
    except ValueError as error:
        raise Invalid("must list networks such as 10.0.0.0/24, separated by commas") from error
    return found


def https_origin(value: str) -> str:
    """Return an https address without a path or a final slash; the scheme may be left out."""
    address = value if "://" in value else f"https://{value}"
    parts = _split(address)
    if parts.scheme.lower() != "https" or not _names_host(parts) or "@" in parts.netloc:
        raise Invalid("must be an https address such as https://login.microsoftonline.com")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise Invalid("must be an https address without a path, query or fragment")
    return f"https://{parts.netloc.lower()}"


def optional_url(value: str) -> str:
    """Return an http or https address without a final slash, or an empty text."""
    parts = _split(value)
    if value and (parts.scheme not in {"http", "https"} or not _names_host(parts)):
        raise Invalid("must be an http or https address")
    return value.rstrip("/")


def endpoint_template(value: str) -> str:
    """Return an https address with {host} and {instance} for the host and name of an instance."""
    parts = _split(value.replace("{instance}", "instance").replace("{host}", "host.example.com"))
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise Invalid("must be an https address such as https://{host}")
    if parts.query or parts.fragment or "{" in parts.geturl() or "}" in parts.geturl():
        raise Invalid("may contain {host} and {instance}, and must have no query or fragment")
    return value.rstrip("/")


def optional_endpoint_template(value: str) -> str:
    """Return what `endpoint_template` does, or an empty text.

    The address may be http on this machine: browsers trust no certificate of a service there.
    """
    parts = _split(value)
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        endpoint_template(value.replace("http", "https", 1))
        return value.rstrip("/")
    return endpoint_template(value) if value else ""


def issuer(value: str) -> str:
    """Return a token issuer, in which {tenant_id} may stand for the tenant's ID."""
    parts = _split(value.replace("{tenant_id}", "tenant"))
    if parts.scheme != "https" or not parts.hostname or "{" in parts.geturl():
        raise Invalid("must be an https address, with {tenant_id} in place of the tenant's ID")
    return value


def tenant_issuer(value: str) -> str:
    """Return a token issuer that contains {tenant_id}."""
    if "{tenant_id}" not in value:
        raise Invalid("must contain {tenant_id}, as https://sts.windows.net/{tenant_id}/ does")
    return issuer(value)


def optional_uuid(value: str) -> str:
    """Return a UUID in canonical form, or an empty text."""
    try:
        return str(UUID(value)) if value else ""
    except ValueError as error:
        raise Invalid("must be an ID such as 11111111-2222-3333-4444-555555555555") from error


def database(value: str) -> dict[str, Any]:
    """Return Django's settings of the database that the URL names."""
    parts = _split(value, _DATABASE_FORM)
    if parts.scheme not in _DATABASES:
        raise Invalid(_DATABASE_FORM)
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(value))
    except ValueError as error:
        raise Invalid(_DATABASE_FORM) from error
    # An @ or # that is not percent-encoded ends the password early and lands here.
    if not found["NAME"] or "@" in str(found["NAME"]) or parts.fragment:
        raise Invalid(_DATABASE_FORM)
    return found


def cache(value: str) -> dict[str, Any]:
    """Return Django's settings of the cache that the URL names."""
    if value == "locmemcache://":
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    parts = _split(value)
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise Invalid("must be locmemcache:// or a URL such as redis://host:6379/0")
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": value,
        # Version 1 held pickles.
        "VERSION": 2,
        "OPTIONS": {
            # Pickle, Django's default, would run code of any writer to Redis.
            "serializer": "config.cache_serializer.JsonSerializer",
            # Seconds. A request must not wait for an unavailable cache.
            "socket_connect_timeout": 2,
            "socket_timeout": 2,
        },
    }


def broker(value: str) -> str:
    """Return the URL of Celery's broker."""
    parts = _split(value)
    if parts.scheme not in {"filesystem", "memory", "redis", "rediss", "amqp", "amqps"}:
        raise Invalid(
            "must be filesystem://localhost or a URL such as redis://host:6379/1 or "
            "amqp://user:password@host:5672//"
        )
    return value


def _is_importable(module: str) -> bool:
    if not module:
        return False
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError as error:
        # Its package does not exist. Any other module is one that the package itself lacks.
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            return False
        raise


def _is_port(text: str) -> bool:
    return len(text) <= len("65535") and text.isdecimal() and int(text) in range(1, 65_536)


def _names_host(parts: Any) -> bool:
    """Return whether a split address has a host; `*.` may stand for its first label."""
    host = (parts.hostname or "").removeprefix("*.")
    return ":" in host or _HOST.fullmatch(host) is not None


def _split(value: str, form: str = "must be a valid address") -> Any:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        # "from None" in effect: the parser's message may quote a password.
        raise Invalid(form) from (None if "@" in value else error)
    return parts
