"""Hubs: handlers registered by the project, and dispatch of requests to them."""

from __future__ import annotations
