"""Discovery of the project's hubs in the module `hubs` of each installed app."""

from __future__ import annotations

import sys

from django.apps import apps
from django.utils.module_loading import autodiscover_modules

from upstreams.receiver.hubs.hub import Hub, Registry

_installed = Registry()


def discover() -> None:
    """Import the `hubs` module of every app and install the hubs that it holds by name.

    Raises RegistrationError where two handlers claim one event, and whatever an import raises: a
    project that answers half of its events should not start.
    """
    autodiscover_modules("hubs")
    install(Registry(_hubs()))


def install(handlers: Registry) -> Registry:
    """Install `handlers` for events, and return the previous ones."""
    global _installed  # replaced whole: a request sees the old or the new
    before, _installed = _installed, handlers
    return before


def registry() -> Registry:
    """Return the handlers that answer events."""
    return _installed


def _hubs() -> list[Hub]:
    hubs: list[Hub] = []
    for app in apps.get_app_configs():
        module = sys.modules.get(f"{app.name}.hubs")
        for value in vars(module).values() if module else ():
            # One app may import another's hub, to add handlers to it.
            if isinstance(value, Hub) and not any(value is hub for hub in hubs):
                hubs.append(value)
    return hubs
