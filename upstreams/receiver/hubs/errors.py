"""Errors of handlers, and of how hubs are defined."""

from __future__ import annotations


class HubError(Exception):
    """Raised by a handler to return an error to the client, which receives the message."""


class RegistrationError(Exception):
    """A hub or a handler is not defined correctly; the project does not start."""
