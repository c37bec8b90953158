"""What the receiver tells the rooms above of requests that no row speaks of."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Somebody sent a request to no instance that is known, or too large to look. `reason` says which.
request_turned_away: Final = Signal()

# Deliveries were received, and neither counted nor kept. `number` says how many.
deliveries_lost: Final = Signal()
