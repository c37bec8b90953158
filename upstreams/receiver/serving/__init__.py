"""Serving upstream requests: ASGI entry point, view, limits."""

from __future__ import annotations
