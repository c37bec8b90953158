"""The sender's configuration: the setting `SENDER`, a dictionary."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The dictionary's keys, in lower case, with their defaults.

    `service_endpoint` and `client_endpoint` are templates with `{host}` or `{instance}`; an empty
    one for clients means the service's. `default_instance` is used outside of requests by hubs that
    name none. `principal_id` is the object ID of the principal that sends, where the process that
    reads Azure has another credential. A call that may be repeated is retried `retries` times, each
    after `retry_seconds`; each attempt may take `timeout_seconds`. A caller may negotiate
    `negotiations_a_minute` times.
    """

    service_endpoint: str = "https://{host}"
    client_endpoint: str = ""
    scope: str = "https://signalr.azure.com/.default"
    connection_strings_file: str = ""
    default_instance: str = ""
    principal_id: str = ""
    # Microsoft's SDK: 3 retries, 0.8 seconds, where retries are switched on.
    retries: int = 3
    retry_seconds: float = 0.8
    timeout_seconds: float = 20.0
    negotiations_a_minute: int = 60


@cache
def configuration() -> Configuration:
    """Return the configuration of this process. Raises ImproperlyConfigured for unknown keys."""
    written = {key.lower(): value for key, value in getattr(settings, "SENDER", {}).items()}
    known = {field.name for field in fields(Configuration)}
    if unknown := sorted(set(written) - known):
        raise ImproperlyConfigured(f"SENDER has no key {', '.join(unknown).upper()}.")
    return Configuration(**written)


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "SENDER":
        configuration.cache_clear()
