"""System checks of the settings as a whole; single variables are checked where they are read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004

from config.environment_variables import VARIABLES

_PREFIX: Final = "SIGNALMAN_"
# Variables of the tools around the server: tests, pictures and the demo.
_TOOLS: Final = frozenset({"SIGNALMAN_CHROMIUM", "SIGNALMAN_SCREENSHOTS", "SIGNALMAN_DEMO_FOLDER"})
# Kubernetes sets them in each pod for a service whose name begins with "signalman".
_OF_KUBERNETES: Final = re.compile(r".+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_\w+)?)")
# A shorter token can be guessed, and attempts are not limited.
_SHORTEST_TOKEN: Final = 20


@register(Tags.security)
def check_settings(**_: Any) -> list[CheckMessage]:
    """Return warnings of settings that work, and that are rarely meant."""
    found: list[CheckMessage] = []
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Warning(
                "SIGNALMAN_ALLOWED_HOSTS is *, so requests for any host name are accepted.",
                hint="List the host names of this installation.",
                id="config.W001",
            )
        )
    if 0 < len(settings.METRICS["TOKEN"]) < _SHORTEST_TOKEN:
        found.append(
            Warning(
                "SIGNALMAN_METRICS_TOKEN is short.",
                hint='Create one: python -c "import secrets; print(secrets.token_urlsafe(32))"',
                id="config.W002",
            )
        )
    return found


@register()
def check_variable_names(**_: Any) -> list[CheckMessage]:
    """Return a warning of each variable with Signalman's prefix that nothing reads."""
    known = {variable.name for variable in VARIABLES}
    return [
        Warning(
            f"{name} is not a setting of Signalman and has no effect.",
            hint=_suggestion(name, known),
            id="config.W003",
        )
        for name in _unknown_names(known)
    ]


def _unknown_names(known: set[str]) -> Iterator[str]:
    for name in sorted(os.environ):
        is_known = name in known | _TOOLS or _OF_KUBERNETES.fullmatch(name)
        if name.startswith(_PREFIX) and not is_known:
            yield name


def _suggestion(name: str, known: set[str]) -> str:
    alike = get_close_matches(name, known, n=1, cutoff=0.9)
    if alike:
        return f"Did you mean {alike[0]}?"
    return "Remove it, or look up its current name in CHANGELOG.md and docs/reference/settings.md."
