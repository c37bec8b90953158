"""The receiver's configuration: the setting `RECEIVER`, a dictionary."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver

from upstreams.receiver.protocol.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The dictionary's keys, in lower case, with their defaults.

    `body_seconds` bounds how long a body may take to arrive. `policy_seconds` is the time within
    which a changed row takes effect in every process, and `policy_grace_seconds` how long the last
    policies are used while the database cannot be read. `flush_seconds` is how long deliveries wait
    in memory; with 0 each is written before its request is answered, which is slow. Every delivery
    is counted, and each process stores a sample as rows: at most `samples_a_minute` for each
    instance and reason, `instance_samples_a_minute` for an instance, and `process_samples_a_minute`
    in all; accepted deliveries take at most half of the last two. `access_keys_file` holds
    the keys for X-ASRS-Signature. `duplicate_seconds` is how long the responses of idempotent
    handlers are kept. Each process runs at most `threads` handlers that are plain functions at
    once.
    """

    body_bytes: int = Limits().body_bytes
    result_bytes: int = Limits().result_bytes
    body_seconds: float = 10.0
    policy_seconds: float = 5.0
    policy_grace_seconds: float = 900.0
    flush_seconds: float = 1.0
    samples_a_minute: int = 60
    instance_samples_a_minute: int = 120
    process_samples_a_minute: int = 1_200
    delivery_days: int = 7
    count_days: int = 90
    access_keys_file: str = ""
    duplicate_seconds: float = 300.0
    threads: int = 8

    @cached_property
    def limits(self) -> Limits:
        """The limits of bodies and results."""
        return Limits(body_bytes=self.body_bytes, result_bytes=self.result_bytes)


@cache
def configuration() -> Configuration:
    """Return the configuration of this process. Raises ImproperlyConfigured for unknown keys."""
    written = {key.lower(): value for key, value in getattr(settings, "RECEIVER", {}).items()}
    known = {field.name for field in fields(Configuration)}
    if unknown := sorted(set(written) - known):
        raise ImproperlyConfigured(f"RECEIVER has no key {', '.join(unknown).upper()}.")
    return Configuration(**written)


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "RECEIVER":
        configuration.cache_clear()
