"""Addresses of instances, and their access keys.

An instance's connection string is preferred; otherwise the endpoint is the template of the setting,
filled in with the instance's name or its host name as last observed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from identities.models import SignalRInstance
from upstreams.receiver.hubs.discovery import registry
from upstreams.sender.configuration import configuration
from upstreams.sender.connection_strings import connection_strings

# A host name changes only where an instance is deleted and created again in another cloud.
_HOST_SECONDS: Final = 60.0
# What is sent to these hosts does not leave this machine.
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})
_PUBLIC_CLOUD: Final = "service.signalr.net"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An instance's addresses, without a final slash, and its access key where there is one.

    `url` is where this process calls the service, `client_url` where clients connect, and
    `audience_url` the one that a client's token names.
    """

    instance: str
    url: str
    client_url: str
    audience_url: str
    access_key: str = field(default="", repr=False)


def find(instance: str | None) -> Endpoint:
    """Return the endpoint of an instance, by default of the default instance.

    Raises ImproperlyConfigured where there is none. May query the database.
    """
    name = _named(instance)
    return _from_connection_string(name) or _from_templates(name, _host(name))


async def afind(instance: str | None) -> Endpoint:
    """Return the endpoint as `find` does, without blocking the event loop."""
    name = _named(instance)
    found = _from_connection_string(name)
    if found is not None:
        return found
    host = _remembered(name) if _needs_host() else ""
    if host is None:
        host = await sync_to_async(_host)(name)
    return _from_templates(name, host)


def configured_credential(instance: str) -> Literal["access_key", "entra"] | None:
    """Return the kind of credential that sends to an instance; None if this process does not send.

    It sends if a connection string, SIGNALMAN_DEFAULT_INSTANCE or a hub names the instance. A
    handler may also send to the instance of its request, which no setting shows. Raises
    ImproperlyConfigured.
    """
    name = instance.lower()
    found = _from_connection_string(name)
    if found is not None:
        return "access_key" if found.access_key else "entra"
    named = {configuration().default_instance, *registry().instances()}
    return "entra" if name in {each.lower() for each in named} else None


@receiver((post_save, post_delete), sender=SignalRInstance, dispatch_uid="sender-hosts")
def forget_hosts(**_: Any) -> None:
    """Read host names again: an instance was changed."""
    _hosts.clear()


_hosts: Final[dict[str, tuple[float, str]]] = {}


def _named(instance: str | None) -> str:
    name = instance or configuration().default_instance
    if not name:
        raise ImproperlyConfigured(
            "No instance to send to: use hub.on('<instance>') or Hub('<hub>', "
            "instance='<instance>'), or set SIGNALMAN_DEFAULT_INSTANCE."
        )
    return name.lower()


def _from_connection_string(name: str) -> Endpoint | None:
    path = configuration().connection_strings_file
    found = connection_strings(path).of(name) if path else None
    if found is None:
        return None
    return Endpoint(
        instance=name,
        url=found.server_endpoint,
        client_url=found.client_endpoint,
        audience_url=found.endpoint,
        access_key=found.access_key,
    )


def _from_templates(name: str, host: str) -> Endpoint:
    service = _filled(configuration().service_endpoint, name, host)
    client = configuration().client_endpoint
    return Endpoint(
        instance=name,
        url=service,
        client_url=_filled(client, name, host, may_be_local=True) if client else service,
        audience_url=service,
    )


@lru_cache(maxsize=1024)
def _filled(template: str, name: str, host: str, *, may_be_local: bool = False) -> str:
    url = template.replace("{instance}", name).replace("{host}", host).rstrip("/")
    parts = urlsplit(url)
    is_local = may_be_local and parts.scheme == "http" and parts.hostname in _LOOPBACK
    if parts.scheme != "https" and not is_local:
        raise ImproperlyConfigured(
            f"{url} is not an https URL. Signalman never sends a token unencrypted."
        )
    return url


def _needs_host() -> bool:
    templates = (configuration().service_endpoint, configuration().client_endpoint)
    return any("{host}" in template for template in templates)


def _remembered(name: str) -> str | None:
    until, host = _hosts.get(name, (0.0, ""))
    return host if time.monotonic() < until else None


def _host(name: str) -> str:
    """Return the host name of an instance. Raises ImproperlyConfigured for an unknown instance."""
    if not _needs_host():
        return ""
    remembered = _remembered(name)
    if remembered is not None:
        return remembered
    try:
        row = SignalRInstance.objects.named(name).values_list("host_name").first()
    except DatabaseError:
        # The host name that was read last still applies while the database is unavailable.
        if name in _hosts:
            return _hosts[name][1]
        raise
    if row is None:
        raise ImproperlyConfigured(
            f"Signalman does not know the instance {name!r}. Import it, or name it in "
            "SIGNALMAN_CONNECTION_STRINGS_FILE."
        )
    host: str = row[0] or f"{name}.{_PUBLIC_CLOUD}"
    _hosts[name] = (time.monotonic() + _HOST_SECONDS, host)
    return host
