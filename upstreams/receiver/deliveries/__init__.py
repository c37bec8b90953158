"""Recording of deliveries, and recognition of duplicates."""

from __future__ import annotations
