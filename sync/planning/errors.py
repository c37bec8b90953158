"""The base of the errors that refuse work on an instance before anything is written."""

from __future__ import annotations


class SyncError(Exception):
    """Work on an instance was refused and nothing was written. The message is for the operator."""


class UnreadablePlan(SyncError):
    """A stored plan cannot be read by this release of Signalman."""
