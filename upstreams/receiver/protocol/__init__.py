"""Upstream requests as frozen values: headers, bodies, hub-protocol frames. Imports no Django."""

from __future__ import annotations
