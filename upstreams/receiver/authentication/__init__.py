"""Who may send upstream requests: instance policies, tokens, signatures, URL secrets."""

from __future__ import annotations
