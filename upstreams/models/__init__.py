"""Upstream templates and their resources, Function Apps, deliveries, request requirements."""

from __future__ import annotations

from upstreams.models.deliveries import Delivery, DeliveryQuerySet, Outcome
from upstreams.models.delivery_counts import (
    DeliveryCount,
    DeliveryCountQuerySet,
    DeliveryHour,
    DeliveryHourQuerySet,
    DeliveryTotal,
    DeliveryTotalQuerySet,
    RefusalHour,
    RefusalHourQuerySet,
)
from upstreams.models.function_apps import (
    FunctionApp,
    FunctionAppQuerySet,
)
from upstreams.models.request_requirements import RequestRequirements
from upstreams.models.sender_activity import SenderActivity
from upstreams.models.templates import (
    UpstreamTemplate,
    UpstreamTemplateQuerySet,
)
from upstreams.models.token_resources import (
    TokenResource,
    TokenResourceQuerySet,
    registrations_of,
)

__all__ = [
    "Delivery",
    "DeliveryCount",
    "DeliveryCountQuerySet",
    "DeliveryHour",
    "DeliveryHourQuerySet",
    "DeliveryQuerySet",
    "DeliveryTotal",
    "DeliveryTotalQuerySet",
    "FunctionApp",
    "FunctionAppQuerySet",
    "Outcome",
    "RefusalHour",
    "RefusalHourQuerySet",
    "RequestRequirements",
    "SenderActivity",
    "TokenResource",
    "TokenResourceQuerySet",
    "UpstreamTemplate",
    "UpstreamTemplateQuerySet",
    "registrations_of",
]
