"""Finding the project's hubs: the module `hubs` of each installed app, as `admin` is found."""

from __future__ import annotations

import sys
from typing import Any

from django.apps import apps
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import autodiscover_modules

from upstreams.receiver.hubs import Hub, Registry

_found = Registry()


def discover() -> None:
    """Import the `hubs` module of every app and register the hubs that it holds by name.

    Raises RegistrationError where two handlers claim one event, and whatever an import raises: a
    project that answers half of its events should not start.
    """
    global _found  # noqa: PLW0603  # replaced as a whole: a request sees the old one or the new one
    autodiscover_modules("hubs")
    _found = Registry(_hubs())


def registry() -> Registry:
    """Return the handlers that were found when the project started."""
    return _found


@receiver(setting_changed)
def _discover_again(*, setting: str, **_: Any) -> None:
    if setting == "INSTALLED_APPS":
        discover()


def _hubs() -> list[Hub]:
    hubs: list[Hub] = []
    for app in apps.get_app_configs():
        module = sys.modules.get(f"{app.name}.hubs")
        for value in vars(module).values() if module else ():
            # One app may import another's hub, to add handlers to it.
            if isinstance(value, Hub) and not any(value is hub for hub in hubs):
                hubs.append(value)
    return hubs
