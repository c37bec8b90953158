"""Who runs a command, for the audit trail."""

from __future__ import annotations

import getpass
import os


def operator_name() -> str:
    """Return the name of the operating system's user, or its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # As in a container that runs under a bare uid.
        return f"uid {os.getuid()}"
