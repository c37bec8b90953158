"""System checks of the sender."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from upstreams.sender.configuration import configuration
from upstreams.sender.connection_strings import connection_strings


@register(Tags.compatibility)
def check_sender(**_: Any) -> list[CheckMessage]:
    """Refuse an invalid SENDER setting, and a file of connection strings that cannot be used."""
    try:
        values = configuration()
        if values.connection_strings_file:
            connection_strings(values.connection_strings_file).of("")
    except ImproperlyConfigured as error:
        return [Error(str(error), id="upstreams.E004")]
    if min(values.retries, values.retry_seconds) < 0 or values.timeout_seconds <= 0:
        return [
            Error(
                "SENDER's retries and pauses must be at least 0, its time limit above 0.",
                id="upstreams.E005",
            )
        ]
    if values.negotiations_a_minute < 1:
        return [Error("SENDER's negotiations a minute must be at least 1.", id="upstreams.E006")]
    return []
