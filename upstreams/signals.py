"""Signals of the receiver about requests that no row records."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# A request was refused before its instance was known. `reason` is the reason code.
request_rejected: Final = Signal()

# Deliveries were received but neither counted nor stored. `number` is how many.
deliveries_lost: Final = Signal()
