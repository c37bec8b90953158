"""Recording what was received, and recognising duplicates."""

from __future__ import annotations
