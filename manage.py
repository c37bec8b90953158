#!/usr/bin/env python
"""Signalman's command line: `manage.py help` lists the commands."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the management command that the arguments name.

    A configuration error or a database that cannot be reached ends it with a message.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.garbage_collection import collect_less_often

    collect_less_often()
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import InterfaceError, OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Error: {error}")
    except (InterfaceError, OperationalError) as error:
        from observability.logs.redaction import database_unusable

        sys.exit(f"Error: {database_unusable(error)}")


if __name__ == "__main__":
    main()
