"""The whole deployment under load, started as its units do, while its parts fail in turn."""

from __future__ import annotations
