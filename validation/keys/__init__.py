"""Signing keys: discovery, key sets, and the key ring of an issuer."""

from __future__ import annotations
