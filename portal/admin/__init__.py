"""The admin site of every app's models, in one place."""

from __future__ import annotations

from portal.admin import (  # noqa: F401  Importing them registers the models.
    accounts,
    identities,
    instances,
    key_vaults,
    operations,
    upstreams,
)
