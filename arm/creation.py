"""What has to be said to make an instance; all else is Azure's default, or set afterwards.

Shapes: Microsoft.SignalRService/signalR, api-version 2023-02-01.
"""

from __future__ import annotations

from typing import Any, Final

from arm.state import ExistenceState

TYPE: Final = "Microsoft.SignalRService/SignalR"

# Source: ResourceSku and FeatureFlags of that api-version. The modes Classic and PredefinedOnly are
# for what is there already, and for Microsoft's own use. Upstream templates take effect in
# Serverless alone.
SKUS: Final = ("Free_F1", "Standard_S1", "Premium_P1")
SERVICE_MODES: Final = ("Serverless", "Default")


def creation_body(existence: ExistenceState) -> dict[str, Any]:
    """Return the body of the PUT that makes an instance, of one unit of its size."""
    return {
        "location": existence.location,
        "sku": {"name": existence.sku, "capacity": 1},
        "properties": {"features": [{"flag": "ServiceMode", "value": existence.service_mode}]},
    }
