"""The checks of an access token."""

from __future__ import annotations
