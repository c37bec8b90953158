"""The names of the figures that processes share by rows."""

from __future__ import annotations

from typing import Final

AZURE_REQUESTS: Final = "azure_requests"
AZURE_SECONDS: Final = "azure_request_seconds"
LOST_DELIVERIES: Final = "lost_deliveries"
SIGNING_KEYS_READ: Final = "signing_keys_read"
TICK: Final = "tick"
TURNED_AWAY: Final = "turned_away"
VALIDATION_BUCKETS: Final = "validation_buckets"
VALIDATION_SECONDS: Final = "validation_seconds"

# Seconds. RSA takes some 50 microseconds; a token with an unknown key id waits for the network.
BOUNDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0)
BUCKETS: Final = (*map(str, BOUNDS), "+Inf")
