"""The admin's lists and forms of every room: the operator's face is in one place."""

from __future__ import annotations

from portal.admin import (  # noqa: F401  Each registers its models.
    identities,
    instances,
    key_vaults,
    operations,
    upstreams,
)
