"""System checks of the receiver."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured

from upstreams.receiver.configuration import configuration
from upstreams.receiver.hubs.discovery import registry


@register(Tags.compatibility)
def check_hubs(**_: Any) -> list[CheckMessage]:
    """Inform where the project has no handler: every event will be refused."""
    if any(registry()):
        return []
    return [
        Info(
            "No app has handlers, so the receiver refuses every client event with no_handler.",
            hint="Add a hubs.py to an app, and add the app to SIGNALMAN_APPS.",
            id="upstreams.I001",
        )
    ]


@register(Tags.compatibility)
def check_duplicates(**_: Any) -> list[CheckMessage]:
    """Warn where idempotent handlers cannot be kept from running twice."""
    names = sorted(handler.name for handler in registry() if handler.is_idempotent)
    backend = settings.CACHES["default"]["BACKEND"]
    if not names or not backend.endswith((".LocMemCache", ".DummyCache")):
        return []
    return [
        Warning(
            f"The cache is not shared, so duplicates of calls to {', '.join(names)} are recognised "
            "only by the process that handled the first one.",
            hint="If there is more than one process, set SIGNALMAN_CACHE_URL to a shared cache.",
            id="upstreams.W001",
        )
    ]


@register(Tags.compatibility)
def check_configuration(**_: Any) -> list[CheckMessage]:
    """Refuse an invalid RECEIVER setting."""
    try:
        values = configuration()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="upstreams.E001")]
    if min(values.body_bytes, values.result_bytes, values.delivery_days, values.count_days) < 1:
        return [
            Error("RECEIVER's sizes and days are at least 1.", id="upstreams.E002"),
        ]
    times = (values.policy_seconds, values.flush_seconds, values.duplicate_seconds)
    if min(*times, values.samples_a_minute) < 0:
        return [Error("RECEIVER's times and samples are not negative.", id="upstreams.E003")]
    return []
