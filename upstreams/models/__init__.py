"""Upstream templates, Function Apps, deliveries, and what the receiver requires of requests."""

from __future__ import annotations

from upstreams.models.deliveries import (
    Delivery,
    DeliveryCount,
    DeliveryCountQuerySet,
    DeliveryQuerySet,
    DeliveryTotal,
    DeliveryTotalQuerySet,
    Outcome,
)
from upstreams.models.function_apps import (
    FunctionApp,
    FunctionAppQuerySet,
)
from upstreams.models.request_requirements import RequestRequirements
from upstreams.models.templates import (
    UpstreamTemplate,
    UpstreamTemplateQuerySet,
)

__all__ = [
    "Delivery",
    "DeliveryCount",
    "DeliveryCountQuerySet",
    "DeliveryQuerySet",
    "DeliveryTotal",
    "DeliveryTotalQuerySet",
    "FunctionApp",
    "FunctionAppQuerySet",
    "Outcome",
    "RequestRequirements",
    "UpstreamTemplate",
    "UpstreamTemplateQuerySet",
]
