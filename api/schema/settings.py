"""drf-spectacular's settings: what the OpenAPI document says of the API as a whole."""

from __future__ import annotations

from typing import Any


def openapi_settings() -> dict[str, Any]:
    """Return the setting SPECTACULAR_SETTINGS."""
    return {
        "TITLE": "Signalman",
        "DESCRIPTION": (
            "Managed identities of Azure SignalR Service: the desired and the observed state of "
            "each instance, and the operations that make them agree. Errors are problem details "
            "(RFC 9457)."
        ),
        "VERSION": "1",
        "OAS_VERSION": "3.1.0",
        "SERVE_INCLUDE_SCHEMA": False,
        # The schema is public.
        "SERVE_AUTHENTICATION": [],
        "SCHEMA_PATH_PREFIX": "/api/v1/",
        "PREPROCESSING_HOOKS": ["api.schema.auto_schema.only_the_api"],
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "api.schema.examples.with_examples",
        ],
        "COMPONENT_SPLIT_REQUEST": True,
        "ENUM_NAME_OVERRIDES": {
            "CheckOutcomeEnum": ["pass", "fail", "not reached"],
            "DeliveryOutcomeEnum": "upstreams.models.Outcome",
            "FindingOutcomeEnum": ["pass", "fail", "unknown"],
            "FunctionAppPolicyEnum": "upstreams.models.FunctionApp.Policy",
            "InstancePolicyEnum": "identities.models.SignalRInstance.Policy",
            "LinkEnum": "diagnosis.chain.links.Link.choices",
            "LinkOutcomeEnum": ["pass", "fail", "unknown", "not_checked"],
        },
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
    }
