"""django-unfold's settings: titles, colours, scripts and navigation of the portal."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static


def unfold_settings() -> dict[str, Any]:
    """Return the setting UNFOLD."""
    return {
        "SITE_TITLE": "Signalman",
        "SITE_HEADER": "Signalman",
        "SITE_SYMBOL": "traffic",
        "LOGIN": {"form": "accounts.sign_in.limits.SignInForm"},
        "SITE_FAVICONS": [
            {
                "rel": "icon",
                "type": "image/svg+xml",
                "href": lambda _request: static("portal/favicon.svg"),
            }
        ],
        # Blues of Tailwind's scale, with a 500 light enough to be read on a dark ground.
        "COLORS": {
            "primary": {
                "50": "oklch(97% .014 254.604)",
                "100": "oklch(93.2% .032 255.585)",
                "200": "oklch(88.2% .059 254.128)",
                "300": "oklch(80.9% .105 251.813)",
                "400": "oklch(75% .14 253)",
                "500": "oklch(70.7% .165 254.624)",
                "600": "oklch(54.6% .245 262.881)",
                "700": "oklch(48.8% .243 264.376)",
                "800": "oklch(42.4% .199 265.638)",
                "900": "oklch(37.9% .146 265.522)",
                "950": "oklch(28.2% .091 267.935)",
            },
        },
        "STYLES": [
            lambda _request: static("portal/portal.css"),
            lambda _request: static("portal/changes.css"),
        ],
        "SCRIPTS": [
            lambda _request: static("portal/portal.js"),
            lambda _request: static("portal/field_labels.js"),
        ],
        "ENVIRONMENT": "portal.navigation.environment",
        "DASHBOARD_CALLBACK": "portal.pages.dashboard.dashboard",
        "SIDEBAR": {
            "show_search": True,
            "show_all_applications": False,
            "navigation": "portal.navigation.sidebar",
        },
    }
