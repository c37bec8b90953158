"""The actor of a change: a user, an application, or an account of the operating system."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from typing import Protocol

from django.contrib.auth.models import User


class Caller(Protocol):
    """A user of the portal or the API, or an application of Microsoft Entra."""

    def get_username(self) -> str:
        """Return the name that the history and the audit trail show."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The user, application or command that requested a change.

    `name` is what the history and the audit trail show.

    `user` is set where a user of Signalman requested it.
    """

    name: str
    user: User | None = None

    @classmethod
    def of(cls, caller: Caller) -> Actor:
        """Return the actor of a request: pass `request.user`."""
        return cls(str(caller.get_username()), caller if isinstance(caller, User) else None)

    @classmethod
    def of_command(cls) -> Actor:
        """Return the actor of a command: the operating system's user, or its number."""
        try:
            return cls(getpass.getuser())
        except (KeyError, OSError):
            # As in a container that runs under a bare uid.
            return cls(f"uid {os.getuid()}")

    def __str__(self) -> str:
        return self.name
