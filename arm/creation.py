"""What has to be said to make an instance; all else is Azure's default, or set afterwards.

Shapes: Microsoft.SignalRService/signalR, api-version 2023-02-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

TYPE: Final = "Microsoft.SignalRService/SignalR"

# Source: ResourceSku and FeatureFlags of that api-version. Classic is deprecated, PredefinedOnly
# for Microsoft's own use.
SKUS: Final = ("Free_F1", "Standard_S1", "Premium_P1")
SERVICE_MODES: Final = ("Default", "Serverless")


@dataclass(frozen=True, slots=True)
class Creation:
    """Where an instance is to be, how large, and who serves its hubs.

    Upstream templates take effect in the service mode Serverless alone. `sku` names one unit of
    that size.
    """

    location: str
    sku: str = "Standard_S1"
    service_mode: str = "Serverless"

    def body(self) -> dict[str, Any]:
        """Return the body of the PUT that makes it."""
        return {
            "location": self.location,
            "sku": {"name": self.sku, "capacity": 1},
            "properties": {"features": [{"flag": "ServiceMode", "value": self.service_mode}]},
        }
