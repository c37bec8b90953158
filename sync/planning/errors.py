"""The base of the errors that stop work on an instance before anything is written."""

from __future__ import annotations


class SyncError(Exception):
    """Work on an instance was refused, and nothing was written. The message is for the operator."""
